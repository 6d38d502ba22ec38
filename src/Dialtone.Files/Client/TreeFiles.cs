namespace Dialtone.Files;

/// <summary>A file of a tree that is to be moved.</summary>
/// <param name="Path">Its path below the tree's top.</param>
/// <param name="Size">Its length when it was looked at.</param>
/// <param name="Modified">Its modification time then.</param>
/// <param name="Mode">Its permission bits then.</param>
internal sealed record TreeFile(string Path, long Size, DateTimeOffset Modified, UnixFileMode Mode)
{
    public string Folder => Path[..Math.Max(0, Path.LastIndexOf('/'))];

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The digest it was sent with.</summary>
    public uint? Crc32C { get; set; }

    /// <summary>The same, where SHA-256 was asked for.</summary>
    public string? Sha256 { get; set; }
}

/// <summary>What is still to be moved, and what came of the rest. Shared by the connections of one tree.</summary>
internal sealed class TransferQueue(IReadOnlyList<TreeFile> files)
{
    private readonly Lock _gate = new();
    private readonly Queue<TreeFile> _again = new();           // under _gate
    private readonly List<TreeFailure> _failures = [];         // under _gate
    private readonly List<TreeFile> _arrived = [];             // under _gate
    private int _next;                                         // under _gate
    private long _bytes;                                       // under _gate

    public int Done => _arrived.Count;

    public IReadOnlyList<TreeFile> Arrived => _arrived;

    public long Bytes => _bytes;

    public List<TreeFailure> Failures => _failures;

    /// <summary>The next file to move.</summary>
    public TreeFile? Take()
    {
        lock (_gate)
            return _again.TryDequeue(out TreeFile? file) ? file : _next < files.Count ? files[_next++] : null;
    }

    /// <summary>A file whose connection broke before anybody knew what came of it.</summary>
    public void PutBack(TreeFile file)
    {
        lock (_gate)
            _again.Enqueue(file);
    }

    public void Succeeded(TreeFile file)
    {
        lock (_gate)
        {
            _arrived.Add(file);
            _bytes += file.Size;
        }
    }

    public void Failed(string path, FileException error)
    {
        lock (_gate)
            _failures.Add(new TreeFailure(path, error));
    }
}

/// <summary>The folder of a local tree in which work goes on: going from one to its neighbour opens what differs and no more, and follows no link.</summary>
internal sealed class LocalCursor(LocalFolder top, bool create) : IDisposable
{
    private readonly List<(string Name, LocalFolder Folder)> _way = [];
    private string _path = "";

    /// <summary>The folder at a path below the top.</summary>
    public LocalFolder Go(string path)
    {
        if (path == _path)
            return _way is [.., var (_, here)] ? here : top;
        string[] names = path.Length == 0 ? [] : RemoteLines.NamesOf(path);
        int shared = 0;
        while (shared < names.Length && shared < _way.Count && names[shared] == _way[shared].Name)
            shared++;
        while (_way.Count > shared)
        {
            _way[^1].Folder.Dispose();
            _way.RemoveAt(_way.Count - 1);
        }

        _path = "\0"; // no path, until the last step has succeeded
        LocalFolder folder = _way is [.., var (_, last)] ? last : top;
        foreach (string name in names.AsSpan(shared))
        {
            folder = folder.OpenChild(name, create);
            _way.Add((name, folder));
        }

        _path = path;
        return folder;
    }

    public void Dispose()
    {
        foreach ((_, LocalFolder folder) in _way)
            folder.Dispose();
    }
}
