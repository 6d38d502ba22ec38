using System.Text.Json.Serialization.Metadata;

namespace Dialtone;

/// <summary>
/// The ways to tell messages apart in a stream of bytes. Each codec is immutable: make it once, share it everywhere.
/// Every maximum is the longest content of a frame, in bytes, and is checked before memory is taken for the frame.
/// </summary>
public static class Framing
{
    /// <summary>The default maximum of a line, in bytes: 64 KiB, as asyncio's.</summary>
    public const int DefaultMaxLineBytes = 64 * 1024;

    internal static FrameCodec DefaultLine { get; } = Line();

    /// <summary>No framing: a frame is what has arrived, at most <paramref name="maxBytes"/>. Messages stick together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static FrameCodec Raw(int maxBytes) => new RawCodec(maxBytes);

    /// <summary>Lines, read with LF or CRLF at their end and written with <paramref name="ending"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static FrameCodec Line(int maxBytes = DefaultMaxLineBytes, LineEnding ending = LineEnding.Lf) =>
        new LineCodec(maxBytes, ending);

    /// <summary>Frames ended by <paramref name="delimiter"/>, 1 to 64 bytes that no frame contains.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1, or the delimiter's length is not 1 to 64.</exception>
    public static FrameCodec Delimiter(ReadOnlySpan<byte> delimiter, int maxBytes) =>
        new DelimiterCodec(delimiter, maxBytes);

    /// <summary>Frames of exactly <paramref name="bytes"/> bytes with nothing between them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is less than 1.</exception>
    public static FrameCodec FixedLength(int bytes) => new FixedLengthCodec(bytes);

    /// <summary>A length of 1, 2, 4 or 8 bytes, then the content.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1 or more than the prefix can say.</exception>
    public static FrameCodec LengthPrefix(LengthPrefixOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new LengthPrefixCodec(options);
    }

    /// <summary>
    /// Python's <c>struct.pack('i', len(data)) + data</c>: 4 bytes, little-endian, signed, then the content.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static FrameCodec Int32Prefix(int maxBytes) =>
        new LengthPrefixCodec(new LengthPrefixOptions { Signed = true, MaxFrameBytes = maxBytes });

    /// <summary>
    /// Python's <c>struct.pack('!i', len(data)) + data</c>: 4 bytes in network order, signed, then the content.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static FrameCodec Int32BigEndianPrefix(int maxBytes) =>
        new LengthPrefixCodec(
            new LengthPrefixOptions { Order = ByteOrder.BigEndian, Signed = true, MaxFrameBytes = maxBytes });

    /// <summary>
    /// A length in LEB128, as Protocol Buffers delimit messages, then the content. Only the shortest form is accepted.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static FrameCodec Varint(int maxBytes) => new VarintCodec(maxBytes);

    /// <summary>
    /// A length in ASCII digits, the receiver's <c>recv_ready</c>, then the content. The two sides take turns, so this
    /// is no <see cref="FrameCodec"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    public static AcknowledgedLength AcknowledgedLength(int maxBytes) => new(maxBytes);

    /// <summary>A JSON header that states the length of the body behind it.</summary>
    /// <typeparam name="THeader">Knows its own JSON form and its body's length.</typeparam>
    public static JsonHeaderCodec<THeader> JsonHeader<THeader>(JsonHeaderOptions? options = null)
        where THeader : IJsonHeader<THeader> =>
        options is null
            ? JsonHeaderDefaults<THeader>.Codec
            : new(THeader.TypeInfo, static header => header.BodyLength, options);

    /// <summary>A JSON header of any type, with the length of the body behind it found by a function.</summary>
    /// <param name="typeInfo">From a <c>JsonSerializerContext</c>; its strictness is tightened, never loosened.</param>
    /// <param name="bodyLength">Bytes of the body that follows a header. A negative length is refused.</param>
    /// <param name="options">Bounds; the defaults if null.</param>
    public static JsonHeaderCodec<THeader> JsonHeader<THeader>(
        JsonTypeInfo<THeader> typeInfo,
        Func<THeader, long> bodyLength,
        JsonHeaderOptions? options = null) => new(typeInfo, bodyLength, options ?? JsonHeaderOptions.Default);

    private static class JsonHeaderDefaults<THeader>
        where THeader : IJsonHeader<THeader>
    {
        public static readonly JsonHeaderCodec<THeader> Codec =
            new(THeader.TypeInfo, static header => header.BodyLength, JsonHeaderOptions.Default);
    }
}
