namespace Dialtone.Conformance.Tests;

/// <summary>A short-named folder for sockets and files, removed at the end.</summary>
public sealed class SocketFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("dt").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
