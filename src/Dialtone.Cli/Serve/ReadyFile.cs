namespace Dialtone.Cli;

/// <summary>A file that exists while the server listens, and holds what it printed.</summary>
internal sealed class ReadyFile : IDisposable
{
    private readonly string _path;

    /// <summary>Writes the file whole: whoever sees it can read all of it.</summary>
    public ReadyFile(string path, string content)
    {
        _path = Path.GetFullPath(path);
        string half = $"{_path}.{Environment.ProcessId}";
        try
        {
            File.WriteAllText(half, content);
            File.Move(half, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The ready file {path} cannot be written: {e.Message}");
        }
    }

    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Terminal.Error.WriteLine($"dialtone: the ready file stays behind: {e.Message}");
        }
    }
}
