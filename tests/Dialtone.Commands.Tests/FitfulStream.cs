namespace Dialtone.Commands.Tests;

/// <summary>Takes what is written at once or a little later, as chance has it, and never two writes at one time.</summary>
internal sealed class FitfulStream(Random random) : WriteOnlyStream
{
    private int _writing;

    public MemoryStream Written { get; } = new();

    /// <summary>How much it takes before it fails.</summary>
    public int Room { get; init; } = int.MaxValue;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
            throw new InvalidOperationException("Two writes at one time.");
        if (random.Next(3) == 0)
            await Task.Yield();
        if (Written.Length + buffer.Length > Room)
            throw new IOException("No room is left.");
        Written.Write(buffer.Span);
        Volatile.Write(ref _writing, 0);
    }
}
