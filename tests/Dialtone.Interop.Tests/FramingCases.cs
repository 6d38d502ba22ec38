using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Interop.Tests;

/// <summary>The framings by the names that <c>frames_peer.py</c> knows them by.</summary>
internal static class FramingCases
{
    public const int MaxBytes = 8192;

    public static IEnumerable<string> Prefixes { get; } =
        from format in new[] { "<b", "<B", "<h", "<H", "<i", "<I", "<q", "<Q", ">h", ">H", ">i", ">I", ">q", ">Q" }
        from counts in new[] { "self", "content" }
        select $"prefix:{format},{counts}";

    public static IEnumerable<string> Codecs { get; } = ["lf", "crlf", "delimiter", "fixed", "varint", .. Prefixes];

    public static FrameCodec CodecOf(string name) => name switch
    {
        "raw" => Framing.Raw(MaxBytes),
        "lf" => Framing.Line(MaxBytes),
        "crlf" => Framing.Line(MaxBytes, LineEnding.CrLf),
        "delimiter" => Framing.Delimiter("|END|"u8, MaxBytes),
        "fixed" => Framing.FixedLength(7),
        "varint" => Framing.Varint(MaxBytes),
        _ => Framing.LengthPrefix(PrefixOf(name["prefix:".Length..])),
    };

    private static LengthPrefixOptions PrefixOf(string name)
    {
        int size = char.ToLowerInvariant(name[1]) switch { 'b' => 1, 'h' => 2, 'i' => 4, _ => 8 };
        return new LengthPrefixOptions
        {
            Size = size,
            Order = name[0] == '<' ? ByteOrder.LittleEndian : ByteOrder.BigEndian,
            Signed = char.IsLower(name[1]),
            CountsItself = name.EndsWith("self", StringComparison.Ordinal),
            MaxFrameBytes = size == 1 ? null : MaxBytes,
        };
    }
}

/// <summary>The tutorials' put.</summary>
internal sealed record PutHeader(
    [property: JsonPropertyName("cmd")] string Cmd,
    [property: JsonPropertyName("filename")] string FileName,
    [property: JsonPropertyName("filesize")] long FileSize) : IJsonHeader<PutHeader>
{
    public static JsonTypeInfo<PutHeader> TypeInfo => TutorialHeaders.Default.PutHeader;

    long IJsonHeader<PutHeader>.BodyLength => FileSize;
}

/// <summary>The tutorials' answer to a command.</summary>
internal sealed record DataHeader([property: JsonPropertyName("data_size")] long DataSize) : IJsonHeader<DataHeader>
{
    public static JsonTypeInfo<DataHeader> TypeInfo => TutorialHeaders.Default.DataHeader;

    long IJsonHeader<DataHeader>.BodyLength => DataSize;
}

[JsonSerializable(typeof(PutHeader))]
[JsonSerializable(typeof(DataHeader))]
internal sealed partial class TutorialHeaders : JsonSerializerContext;
