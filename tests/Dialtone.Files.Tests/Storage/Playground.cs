using System.Text;

namespace Dialtone.Files.Tests;

/// <summary>A shared folder with a secret beside it, both gone after the test.</summary>
internal sealed class Playground : IDisposable
{
    private readonly string _top = Directory.CreateTempSubdirectory("dialtone-store-").FullName;

    public Playground()
    {
        Directory.CreateDirectory(Inside);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "secret"), "secret");
        Directory.CreateDirectory(Path.Combine(Outside, "inner"));
    }

    public string Inside => Path.Combine(_top, "share");

    public string Outside => Path.Combine(_top, "outside");

    public string Uploads => this[".dialtone/uploads"];

    public string this[string name] => Path.Combine(Inside, name);

    /// <summary>What the staging folder holds.</summary>
    public string[] Staged => [.. Directory.EnumerateFileSystemEntries(Uploads).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public LocalFileStore Open(LocalFileStoreOptions? options = null) => LocalFileStore.Open(Inside, options);

    public static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    /// <summary>Everything outside: names, kinds, sizes, times, modes and content.</summary>
    public string DescribeOutside()
    {
        var text = new StringBuilder();
        foreach (string path in Directory.EnumerateFileSystemEntries(Outside, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            text.Append(path).Append(' ').Append(ModeOf(path)).Append(' ').Append(File.GetLastWriteTimeUtc(path).Ticks);
            if (File.Exists(path))
                text.Append(' ').Append(File.ReadAllText(path));
            text.AppendLine();
        }

        return text.ToString();
    }

    public void Dispose() => Directory.Delete(_top, recursive: true);
}
