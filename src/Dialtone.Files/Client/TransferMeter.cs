namespace Dialtone.Files;

/// <summary>Counts what moves and tells whoever watches, at most twenty times a second. Safe for many connections.</summary>
internal sealed class TransferMeter(IProgress<TransferProgress>? progress, TimeProvider time, string? current)
{
    private readonly long _step = time.TimestampFrequency / 20;
    private long _bytes;
    private int _files;
    private long _next;
    private string? _current = current;

    public long? TotalBytes { get; private set; }

    public int? TotalFiles { get; private set; } = 1;

    public long Bytes => Volatile.Read(ref _bytes);

    public int Files => Volatile.Read(ref _files);

    /// <summary>One file of so many bytes begins, of which some are in place.</summary>
    public void Begin(long? totalBytes, long inPlace = 0)
    {
        TotalBytes = totalBytes;
        _bytes = inPlace;
    }

    /// <summary>Files of so many bytes begin.</summary>
    public void Begin(long totalBytes, int totalFiles) => (TotalBytes, TotalFiles) = (totalBytes, totalFiles);

    public void Moved(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        Tell();
    }

    /// <summary>The file named is under way.</summary>
    public void Now(string name) => _current = name;

    public void FileDone()
    {
        Interlocked.Increment(ref _files);
        if (_files == TotalFiles)
            progress?.Report(Snapshot());
        else
            Tell();
    }

    private void Tell()
    {
        if (progress is null)
            return;
        long now = time.GetTimestamp();
        long next = Volatile.Read(ref _next);
        if (now >= next && Interlocked.CompareExchange(ref _next, now + _step, next) == next)
            progress.Report(Snapshot());
    }

    private TransferProgress Snapshot() => new(Bytes, TotalBytes, Files, TotalFiles, _current);
}
