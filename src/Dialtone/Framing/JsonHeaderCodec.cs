using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Dialtone;

/// <summary>
/// Python's <c>struct.pack('i', len(header)) + header + body</c>: a length of 4 bytes (little-endian, signed), a header
/// of that many bytes of UTF-8 JSON, and a body whose length the header states. Pure: it reads and writes headers;
/// the body is bytes and passes by. Made by <c>Framing.JsonHeader</c>.
/// </summary>
/// <typeparam name="THeader">The header's type.</typeparam>
/// <remarks>
/// A header is strict: one JSON object, valid UTF-8 without byte order mark, no key twice at any level, bounded depth.
/// Unknown keys are ignored unless the type says otherwise.
/// </remarks>
public sealed class JsonHeaderCodec<THeader>
{
    private readonly LengthPrefixCodec _frames;
    private readonly JsonTypeInfo<THeader> _typeInfo;
    private readonly Func<THeader, long> _bodyLength;
    private readonly JsonDocumentOptions _strict;

    internal JsonHeaderCodec(JsonTypeInfo<THeader> typeInfo, Func<THeader, long> bodyLength, JsonHeaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        ArgumentNullException.ThrowIfNull(bodyLength);
        Options = options;
        _typeInfo = Strict(typeInfo);
        _bodyLength = bodyLength;
        _strict = new JsonDocumentOptions { MaxDepth = options.MaxDepth, AllowDuplicateProperties = false };
        _frames = new LengthPrefixCodec(
            new LengthPrefixOptions { Signed = true, MaxFrameBytes = options.MaxHeaderBytes });
    }

    /// <summary>The bounds.</summary>
    public JsonHeaderOptions Options { get; }

    /// <summary>Looks for a header at the start of <paramref name="input"/>.</summary>
    /// <param name="input">Advanced to the body if the header is whole, otherwise untouched.</param>
    /// <param name="header">The header, unless more bytes are needed.</param>
    /// <param name="bodyLength">Bytes of the body that follows.</param>
    /// <param name="missing">At least how many more bytes are needed; 0 if the header is whole.</param>
    /// <exception cref="ProtocolException">The bytes cannot be a header, or its body is beyond the bound.</exception>
    public FrameStatus Read(
        ref ReadOnlySequence<byte> input, out THeader? header, out long bodyLength, out long missing)
    {
        header = default;
        bodyLength = 0;
        FrameStatus status;
        ReadOnlySequence<byte> json;
        try
        {
            status = _frames.Read(ref input, out json, out missing);
        }
        catch (ProtocolException e) when (e.Reason is ProtocolError.FrameTooLarge)
        {
            throw new ProtocolException(ProtocolError.HeaderTooLarge, $"A JSON header: {e.Message}");
        }

        if (status is FrameStatus.Whole)
        {
            header = Parse(json);
            bodyLength = BodyLength(header);
        }

        return status;
    }

    /// <summary>Writes a header; the body of the length it states is the caller's to send.</summary>
    /// <returns>Bytes of the body that must follow.</returns>
    /// <exception cref="ProtocolException">The header or its body is beyond a bound; nothing was written.</exception>
    public long Write(IBufferWriter<byte> output, THeader header)
    {
        ArgumentNullException.ThrowIfNull(output);
        long bodyLength = BodyLength(header);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, _typeInfo);
        if (json.Length > Options.MaxHeaderBytes)
        {
            throw new ProtocolException(
                ProtocolError.HeaderTooLarge,
                $"The JSON header's length is {json.Length} bytes; the maximum is {Options.MaxHeaderBytes}.");
        }

        _frames.Write(output, json);
        return bodyLength;
    }

    // The document is parsed without a key twice; where names are one in any case, the same must hold of them.
    private static JsonTypeInfo<THeader> Strict(JsonTypeInfo<THeader> typeInfo) =>
        typeInfo.Options is { PropertyNameCaseInsensitive: true, AllowDuplicateProperties: true } options
            ? (JsonTypeInfo<THeader>)new JsonSerializerOptions(options) { AllowDuplicateProperties = false }.GetTypeInfo(typeof(THeader))
            : typeInfo;

    private THeader Parse(in ReadOnlySequence<byte> json)
    {
        if (json.IsSingleSegment)
        {
            return Parse(json.First);
        }

        var length = (int)json.Length;
        byte[] gathered = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            json.CopyTo(gathered);
            return Parse(gathered.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    private THeader Parse(ReadOnlyMemory<byte> json)
    {
        // The reader checks UTF-8 only in the strings somebody asks for.
        if (!Utf8.IsValid(json.Span))
        {
            throw Bad(json, "is not valid UTF-8");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, _strict);
            return document.RootElement.ValueKind is JsonValueKind.Object
                && document.Deserialize(_typeInfo) is { } header
                ? header
                : throw Bad(json, "is not an object");
        }
        catch (JsonException e)
        {
            // A key that stands twice is found behind the reader, which knows no place for it.
            string place = e.BytePositionInLine is { } at ? $" at byte {at} of line {e.LineNumber}" : "";
            throw Bad(json, $"is refused{place}: it must be JSON of the agreed form, nested at most {Options.MaxDepth} deep, with no key twice", e);
        }
        catch (Exception e) when (e is not ProtocolException)
        {
            // The header's own constructor or converter, fed by the peer, may throw anything.
            throw Bad(json, "is refused", e);
        }
    }

    /// <summary>Bytes of the body a header states, within the bound.</summary>
    internal long BodyLength(THeader header)
    {
        long length;
        try
        {
            length = _bodyLength(header);
        }
        catch (Exception e)
        {
            throw new ProtocolException(ProtocolError.BadHeader, "The JSON header states no length of a body.", e);
        }

        return length switch
        {
            < 0 => throw new ProtocolException(
                ProtocolError.NegativeLength, $"The body's length is {length}; it cannot be less than 0."),
            _ when length > Options.MaxBodyBytes => throw new ProtocolException(
                ProtocolError.BodyTooLarge,
                $"The body's length is {length} bytes; the maximum is {Options.MaxBodyBytes}."),
            _ => length,
        };
    }

    private static ProtocolException Bad(ReadOnlyMemory<byte> json, string what, Exception? inner = null) =>
        new(ProtocolError.BadHeader, $"The JSON header of {json.Length} bytes {what}.", inner);
}
