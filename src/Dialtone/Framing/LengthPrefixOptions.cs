namespace Dialtone;

/// <summary>How a length in front of each frame is written.</summary>
public sealed record LengthPrefixOptions
{
    /// <summary>Bytes of the length itself: 1, 2, 4 or 8. Default 4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Another size.</exception>
    public int Size
    {
        get;
        init => field = value is 1 or 2 or 4 or 8
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A length has 1, 2, 4 or 8 bytes.");
    } = 4;

    /// <summary>The order of the length's bytes. Default little-endian, as Python's <c>struct.pack('i', n)</c>.</summary>
    public ByteOrder Order { get; init; } = ByteOrder.LittleEndian;

    /// <summary>
    /// Whether the length is a signed integer, of which the negative half is refused. Default false.
    /// </summary>
    public bool Signed { get; init; }

    /// <summary>Whether the length counts its own bytes too. Default false.</summary>
    public bool CountsItself { get; init; }

    /// <summary>
    /// Longest content of a frame, in bytes. Default 1 MiB, as Kestrel's request buffer, or what the prefix can say if
    /// that is less. At least 1.
    /// </summary>
    public int? MaxFrameBytes { get; init; }

    internal long LargestSayable
    {
        get
        {
            ulong largest = ulong.MaxValue >> (64 - (8 * Size) + (Signed ? 1 : 0));
            return (long)Math.Min(largest, long.MaxValue) - (CountsItself ? Size : 0);
        }
    }
}
