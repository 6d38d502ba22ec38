using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Dialtone.Files;

/// <summary>What headers of both directions have in common: how they are checked and how their fields are read.</summary>
internal static class NativeJson
{
    private const int MaxDepth = 16;

    /// <summary>A reader that stands on the header's opening brace.</summary>
    /// <exception cref="ProtocolException">It is no JSON object.</exception>
    public static Utf8JsonReader Open(ReadOnlySpan<byte> json)
    {
        // The reader checks UTF-8 only in the strings somebody asks for.
        if (!Utf8.IsValid(json))
            throw Bad("is not valid UTF-8");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? reader : throw Bad("is not an object");
    }

    /// <summary>The name the reader stands on.</summary>
    public static ReadOnlySpan<byte> NameOf(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;

    public static bool TryString(ref Utf8JsonReader reader, out string? value)
    {
        value = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return value is not null || reader.TokenType == JsonTokenType.Null;
    }

    public static bool TryInteger(ref Utf8JsonReader reader, out long? value)
    {
        value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) ? number : null;
        return value is not null || reader.TokenType == JsonTokenType.Null;
    }

    /// <summary>A length, count or offset.</summary>
    public static bool TryLength(ref Utf8JsonReader reader, out long? value) => TryInteger(ref reader, out value) && value is not < 0;

    public static bool TryFlag(ref Utf8JsonReader reader, out bool value)
    {
        value = reader.TokenType == JsonTokenType.True;
        return value || reader.TokenType is JsonTokenType.False or JsonTokenType.Null;
    }

    /// <summary>Nanoseconds since the epoch; .NET keeps hundreds of them.</summary>
    public static bool TryTime(ref Utf8JsonReader reader, out DateTimeOffset? value)
    {
        bool isTime = TryInteger(ref reader, out long? nanoseconds);
        value = nanoseconds is { } count ? FromNanoseconds(count) : null;
        return isTime;
    }

    /// <summary>Permission bits as <c>"644"</c>.</summary>
    public static bool TryMode(ref Utf8JsonReader reader, out UnixFileMode? value)
    {
        value = null;
        if (!TryString(ref reader, out string? text))
            return false;
        if (text is null)
            return true;
        int bits = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 5)
                return false;
            bits = (bits << 3) | (digit - '0');
        }

        value = (UnixFileMode)(bits & 0x1FF);
        return text.Length > 0;
    }

    public static bool TryCrc(ref Utf8JsonReader reader, out uint? value)
    {
        value = null;
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || reader.ValueSpan.Length != 8
            || !Utf8Parser.TryParse(reader.ValueSpan, out uint crc, out int taken, 'x') || taken != 8)
        {
            return false;
        }

        value = crc;
        return true;
    }

    /// <summary>Nanoseconds since the epoch; times before 1677 and after 2262, which do not fit, as the nearest that do.</summary>
    public static long ToNanoseconds(DateTimeOffset time) =>
        Math.Clamp((time - DateTimeOffset.UnixEpoch).Ticks, long.MinValue / 100, long.MaxValue / 100) * 100;

    public static DateTimeOffset FromNanoseconds(long nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((nanoseconds / 100) - (nanoseconds % 100 < 0 ? 1 : 0));

    /// <summary>Writes 8 hex digits.</summary>
    public static void WriteCrc(Utf8JsonWriter json, uint crc)
    {
        Span<byte> text = stackalloc byte[8];
        FormatCrc(crc, text);
        json.WriteString("crc32c"u8, text);
    }

    public static void FormatCrc(uint crc, Span<byte> text) => Utf8Formatter.TryFormat(crc, text, out _, new('x', 8));

    public static void WriteMode(Utf8JsonWriter json, UnixFileMode mode)
    {
        int bits = (int)mode & 0x1FF;
        ReadOnlySpan<byte> text = [(byte)('0' + (bits >> 6)), (byte)('0' + ((bits >> 3) & 7)), (byte)('0' + (bits & 7))];
        json.WriteString("mode"u8, text);
    }

    /// <summary>Writes what is known of them.</summary>
    public static void WriteAttributes(Utf8JsonWriter json, DateTimeOffset? modified, UnixFileMode? mode)
    {
        if (modified is { } time)
            json.WriteNumber("mtime"u8, ToNanoseconds(time));
        if (mode is { } bits)
            WriteMode(json, bits);
    }

    public static ProtocolException Bad(string what, Exception? inner = null) => new(ProtocolError.BadHeader, $"The header {what}.", inner);
}
