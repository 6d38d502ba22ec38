using System.Text;

namespace Dialtone.Cli;

/// <summary>The lines that were typed before, kept in a file of their owner, or in memory only.</summary>
internal sealed class History
{
    private const int MaxLines = 1000;
    private const int MaxFileBytes = 1024 * 1024;
    private readonly List<string> _lines = [];
    private readonly string? _path;

    public History(string? path = null)
    {
        _path = path;
        try
        {
            if (File.Exists(path) && new FileInfo(path).Length <= MaxFileBytes)
                _lines.AddRange(File.ReadAllLines(path).TakeLast(MaxLines));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A shell without its past is still a shell.
        }
    }

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Adds a line, unless it is the last one again or begins with a blank, as people hide a line from shells.</summary>
    public void Add(string line)
    {
        if (line.Length == 0 || line[0] == ' ' || (_lines.Count > 0 && _lines[^1] == line))
            return;
        _lines.Add(line);
        if (_lines.Count > MaxLines)
            _lines.RemoveAt(0);
    }

    public void Save()
    {
        try
        {
            if (_path is null || OperatingSystem.IsWindows())
                return;
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string temporary = $"{_path}.{Environment.ProcessId}";
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var file = new FileStream(temporary, options))
                file.Write(Encoding.UTF8.GetBytes(string.Concat(_lines.Select(line => line + "\n"))));
            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As above.
        }
    }
}
