using System.Globalization;
using System.Text;

namespace Dialtone;

/// <summary>Values of a <see cref="StructFormat"/> as words typed at a shell, and back.</summary>
/// <remarks>What is printed for a value can be typed, quotes and all, for the shell takes the quotes away.</remarks>
public static class StructText
{
    /// <summary>Reads one word for each item of a format.</summary>
    /// <remarks>
    /// Integers in decimal, or after <c>0x</c>, <c>0o</c>, <c>0b</c>; floats as <c>3.5</c>, <c>1e9</c>, <c>inf</c>,
    /// <c>nan</c>; <c>true</c> and <c>false</c>; and for <c>s</c>, <c>p</c> and <c>c</c> text, taken as UTF-8, with
    /// <c>\xHH</c>, <c>\n</c>, <c>\r</c>, <c>\t</c>, <c>\0</c>, <c>\'</c> and <c>\\</c> standing for bytes.
    /// </remarks>
    /// <exception cref="StructException">A word too many, too few, or that is no such value.</exception>
    public static StructValue[] Parse(StructFormat format, IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(words);
        if (words.Count != format.ItemCount)
            StructErrors.ThrowWrongItemCount(format, words.Count);

        var values = new StructValue[words.Count];
        for (int i = 0; i < values.Length; i++)
        {
            var field = format.FieldOf(i);
            if (!TryParse(field.Type, words[i], out values[i]))
                throw StructErrors.BadText(format, field, i, words[i]);
            if (field.Type <= StructType.Pointer && values[i].Kind is StructValueKind.Float && IsWhole(words[i]))
                throw StructErrors.Refused(format, field, i, StructError.OutOfRange, StructErrors.Shorten(words[i]));
        }

        return values;
    }

    /// <summary>Reads bytes from hexadecimal digits; spaces, colons and a leading <c>0x</c> are passed over.</summary>
    /// <exception cref="StructException">Something else, or half a byte.</exception>
    public static byte[] ParseHex(string digits)
    {
        ArgumentNullException.ThrowIfNull(digits);
        string bare = string.Concat(digits.Where(letter => letter != ':' && !char.IsWhiteSpace(letter)));
        if (bare.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            bare = bare[2..];
        return bare.Length % 2 == 0 && bare.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(bare)
            : throw new StructException(StructError.BadText, "Bytes are pairs of hexadecimal digits, as in 0a1b2c.");
    }

    internal static string Print(double value)
    {
        string digits = value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        return value switch
        {
            double.NaN => "nan",
            double.PositiveInfinity => "inf",
            double.NegativeInfinity => "-inf",
            _ => digits.AsSpan().ContainsAny('.', 'e') ? digits : digits + ".0",
        };
    }

    internal static string Print(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("'");
        foreach (byte value in bytes)
        {
            _ = value switch
            {
                (byte)'\\' => text.Append(@"\\"),
                (byte)'\n' => text.Append(@"\n"),
                (byte)'\r' => text.Append(@"\r"),
                (byte)'\t' => text.Append(@"\t"),
                >= (byte)' ' and <= (byte)'~' and not (byte)'\'' => text.Append((char)value),
                _ => text.Append(CultureInfo.InvariantCulture, $@"\x{value:x2}"),
            };
        }

        return text.Append('\'').ToString();
    }

    private static bool TryParse(StructType type, string word, out StructValue value)
    {
        switch (type)
        {
            case StructType.Char or StructType.Bytes or StructType.Pascal:
                return TryParseBytes(word, out value);
            case StructType.Boolean:
                return TryParseBoolean(word, out value) || TryParseNumber(word, out value);
            default:
                return TryParseNumber(word, out value);
        }
    }

    private static bool TryParseBoolean(string word, out StructValue value)
    {
        bool parsed = bool.TryParse(word, out bool truth);
        value = truth;
        return parsed;
    }

    // An integer where one is written, whatever the item: the item itself refuses what it does not take.
    private static bool TryParseNumber(string word, out StructValue value)
    {
        if (TryParseInteger(word, out value))
            return true;

        string lower = word.ToLowerInvariant();
        double? named = lower.TrimStart('+', '-') switch
        {
            "inf" or "infinity" => double.PositiveInfinity,
            "nan" => double.NaN,
            _ => null,
        };
        if (named is { } special)
            value = lower[0] is '-' ? -special : special;
        else if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            value = number;
        else
            return false;
        return true;
    }

    private static bool TryParseInteger(string word, out StructValue value)
    {
        value = default;
        bool negative = word.StartsWith('-');
        var digits = word.AsSpan(word.Length > 0 && word[0] is '-' or '+' ? 1 : 0);
        int radix = digits.Length < 3 || digits[0] != '0' ? 10 : char.ToLowerInvariant(digits[1]) switch
        {
            'x' => 16,
            'o' => 8,
            'b' => 2,
            _ => 10,
        };
        if (radix != 10)
            digits = digits[2..];
        if (digits.IsEmpty)
            return false;

        Int128 magnitude = 0;
        foreach (char letter in digits)
        {
            int digit = "0123456789abcdef".IndexOf(char.ToLowerInvariant(letter), StringComparison.Ordinal);
            if (digit < 0 || digit >= radix)
                return false;
            magnitude = magnitude * radix + digit;
            if (magnitude > ulong.MaxValue)
                return false;
        }

        if (negative && magnitude > -(Int128)long.MinValue)
            return false;
        value = negative ? (long)-magnitude : (ulong)magnitude;
        return true;
    }

    // Digits alone: an integer that no value can hold, where the other floats are none.
    private static bool IsWhole(string word) => word.AsSpan().TrimStart("+-").IndexOfAnyExceptInRange('0', '9') < 0;

    private static bool TryParseBytes(string word, out StructValue value)
    {
        value = default;
        var bytes = new List<byte>(word.Length);
        var rest = word.AsSpan();
        while (!rest.IsEmpty)
        {
            int plain = rest.IndexOf('\\');
            if (plain != 0)
            {
                var text = plain < 0 ? rest : rest[..plain];
                bytes.AddRange(Encoding.UTF8.GetBytes(text.ToArray()));
                rest = rest[text.Length..];
                continue;
            }

            if (!TryParseEscape(ref rest, out byte escaped))
                return false;
            bytes.Add(escaped);
        }

        value = bytes.ToArray();
        return true;
    }

    private static bool TryParseEscape(ref ReadOnlySpan<char> rest, out byte value)
    {
        value = 0;
        if (rest.Length < 2)
            return false;

        char letter = rest[1];
        int length = letter is 'x' ? 4 : 2;
        if (rest.Length < length)
            return false;
        if (letter is 'x')
        {
            if (!byte.TryParse(rest[2..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value))
                return false;
        }
        else
        {
            int index = @"0tnr\'".IndexOf(letter);
            if (index < 0)
                return false;
            value = "\0\t\n\r\\'"u8[index];
        }

        rest = rest[length..];
        return true;
    }
}
