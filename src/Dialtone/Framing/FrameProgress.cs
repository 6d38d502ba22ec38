namespace Dialtone;

/// <summary>
/// What a codec remembers between two looks at the same unfinished frame, so that it never scans a byte twice.
/// The default value starts a frame; keep it beside the input and hand it back with more bytes.
/// </summary>
/// <remarks>It counts from the start of the input, so bytes may move in memory between two calls but not be consumed.</remarks>
public struct FrameProgress : IEquatable<FrameProgress>
{
    /// <summary>How many bytes at the start of the input need not be looked at again.</summary>
    public long Examined { get; set; }

    /// <summary>At least how many more bytes are needed; 0 once a frame is whole.</summary>
    public long Missing { get; set; }

    /// <inheritdoc/>
    public readonly bool Equals(FrameProgress other) => Examined == other.Examined && Missing == other.Missing;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is FrameProgress other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Examined, Missing);

    /// <summary>Whether both counts are equal.</summary>
    public static bool operator ==(FrameProgress left, FrameProgress right) => left.Equals(right);

    /// <summary>Whether either count differs.</summary>
    public static bool operator !=(FrameProgress left, FrameProgress right) => !left.Equals(right);
}
