using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>The framings by the names they have on the command line.</summary>
internal static class FramingName
{
    public const string Names = "raw, line, crlf, int32, int32be, varint, fixed:BYTES or delimiter:TEXT";

    /// <summary>Longest frame the tool takes.</summary>
    private const int MaxFrameBytes = 1024 * 1024;

    /// <summary>The codec; null for raw, which has none.</summary>
    public static Framed Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        return new Framed(text, (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            ("raw", null) => null,
            ("line", null) => Framing.Line(MaxFrameBytes),
            ("crlf", null) => Framing.Line(MaxFrameBytes, LineEnding.CrLf),
            ("int32", null) => Framing.Int32Prefix(MaxFrameBytes),
            ("int32be", null) => Framing.Int32BigEndianPrefix(MaxFrameBytes),
            ("varint", null) => Framing.Varint(MaxFrameBytes),
            ("fixed", { } bytes) when int.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                && length is >= 1 and <= MaxFrameBytes => Framing.FixedLength(length),
            ("delimiter", { Length: > 0 and <= 16 } delimiter) => Framing.Delimiter(Encoding.UTF8.GetBytes(delimiter), MaxFrameBytes),
            _ => throw new FormatException($"'{text}' is not a framing; write {Names}."),
        });
    }
}

/// <summary>A framing that was chosen.</summary>
/// <param name="Name">As it was written.</param>
/// <param name="Codec">Null for raw.</param>
internal sealed record Framed(string Name, FrameCodec? Codec);
