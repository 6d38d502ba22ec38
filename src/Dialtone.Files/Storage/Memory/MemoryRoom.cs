namespace Dialtone.Files;

/// <summary>How much a memory store may still hold.</summary>
internal sealed class MemoryRoom(long bytes)
{
    private long _left = bytes;

    internal void Take(long count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
            return;
        Interlocked.Add(ref _left, count);
        throw Refusals.DiskFull;
    }

    internal void Give(long count) => Interlocked.Add(ref _left, count);
}
