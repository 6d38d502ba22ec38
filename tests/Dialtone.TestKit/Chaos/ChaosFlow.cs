namespace Dialtone;

/// <summary>What is done to the bytes of a TCP connection in one direction. The default is nothing.</summary>
public sealed record ChaosFlow
{
    /// <summary>The bytes let through before the flow is cut; null for all. At least 0.</summary>
    public long? CutAfter { get; init; }

    /// <summary>Cuts after a number of bytes below this, chosen by the seed for each connection; null for not at all. <see cref="CutAfter"/> goes first. At least 1.</summary>
    public int? CutWithin { get; init; }

    /// <summary>What the cut is. Default <see cref="ChaosCut.Finish"/>.</summary>
    public ChaosCut Cut { get; init; }

    /// <summary>How long every byte is under way. Default not at all.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>A further delay between nothing and this, chosen for each piece; order is kept. Default none.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Sends on in pieces of 1 to this many bytes, as the seed chooses, each a segment of its own; 1 means byte by byte. Null leaves the pieces as they come. At least 1.</summary>
    public int? MaxPieceBytes { get; init; }

    /// <summary>The bandwidth in bytes per second; null for no limit. At least 1.</summary>
    public int? BytesPerSecond { get; init; }

    /// <summary>The offset of a byte one bit of which is turned over; null for none. At least 0.</summary>
    public long? FlipBitAt { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(CutAfter ?? 0, nameof(CutAfter));
        ArgumentOutOfRangeException.ThrowIfLessThan(CutWithin ?? 1, 1, nameof(CutWithin));
        ArgumentOutOfRangeException.ThrowIfLessThan(Delay, TimeSpan.Zero, nameof(Delay));
        ArgumentOutOfRangeException.ThrowIfLessThan(Jitter, TimeSpan.Zero, nameof(Jitter));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPieceBytes ?? 1, 1, nameof(MaxPieceBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(BytesPerSecond ?? 1, 1, nameof(BytesPerSecond));
        ArgumentOutOfRangeException.ThrowIfNegative(FlipBitAt ?? 0, nameof(FlipBitAt));
    }
}
