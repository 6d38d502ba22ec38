namespace Dialtone.Cli.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("dialtone-").FullName;

    /// <summary>The environment of somebody who has no settings yet.</summary>
    public Dictionary<string, string> Home => new() { ["XDG_CONFIG_HOME"] = Path };

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(this[name], content);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(this[name], mode);
        return this[name];
    }

    /// <summary>Waits until a file is there.</summary>
    public async Task UntilAsync(string name)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!File.Exists(this[name]))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60), $"{name} was never made.");
            await Task.Delay(10);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
