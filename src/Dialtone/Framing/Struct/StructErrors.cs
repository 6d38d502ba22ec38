using System.Diagnostics.CodeAnalysis;

namespace Dialtone;

// Every sentence of the layer, side by side. Bytes are never quoted: they may be secrets.
internal static class StructErrors
{
    private const int MostShown = 64;   // long or unprintable input must not flood a log or a terminal

    public static StructException BadCharacter(string format, int position) =>
        new(StructError.BadCharacter,
            $"Format {Quote(format)}: {Quote(format[position])} at index {position} is not a format code. " +
            "The codes are x c b B ? h H i I l L q Q n N e f d s p P; a prefix (@ = < > !) may only come first, " +
            "and a count stands directly before its code.",
            position);

    public static StructException CountWithoutCode(string format, int position) =>
        new(StructError.CountWithoutCode,
            $"Format {Quote(format)} ends after a repeat count; a code must follow it.",
            position);

    public static StructException NativeOnly(string format, int position) =>
        new(StructError.NativeOnly,
            $"Format {Quote(format)}: {Quote(format[position])} at index {position} exists only with native sizes; " +
            $"begin the format with @ or no prefix, or use q or Q.",
            position);

    public static StructException TooLarge(string format, int position) =>
        new(StructError.TooLarge,
            $"Format {Quote(format)}: with the item at index {position} the size passes {Array.MaxLength} bytes.",
            position);

    [DoesNotReturn]
    public static void ThrowWrongItemCount(StructFormat format, int given) =>
        throw new StructException(StructError.WrongItemCount,
            $"Format {Quote(format.Text)} takes {Count(format.ItemCount, "value")}; {given} given.");

    [DoesNotReturn]
    public static void ThrowWrongTarget(StructFormat format, int length, int offset) =>
        throw (offset < 0 || offset > length
            ? BadOffset(format, length, offset)
            : new StructException(StructError.WrongLength,
                $"Format {Quote(format.Text)} needs {Count(format.Size, "byte")} from offset {offset}; " +
                $"the buffer has {length - offset} there."));

    [DoesNotReturn]
    public static void ThrowWrongLength(StructFormat format, int length) =>
        throw new StructException(StructError.WrongLength,
            $"Format {Quote(format.Text)} unpacks exactly {Count(format.Size, "byte")}; {length} given.");

    public static StructException NotAMultiple(StructFormat format, int length) =>
        new(StructError.WrongLength,
            $"Format {Quote(format.Text)} unpacks records of {Count(format.Size, "byte")}; " +
            $"{length} bytes are no multiple of that.");

    public static StructException EmptyRecord(StructFormat format) =>
        new(StructError.EmptyRecord, $"Format {Quote(format.Text)} is 0 bytes long; there is nothing to step by.");

    public static StructException Refused(
        StructFormat format, in StructField field, int index, StructError reason, string value) =>
        new(reason,
            reason is StructError.OutOfRange && field.Type is not StructType.Char
                ? $"{Where(format, field, index)} takes {Takes(field)}; {value} does not fit."
                : $"{Where(format, field, index)} takes {Takes(field)}, not {value}.",
            field.Position);

    public static StructException Unreadable(
        StructFormat format, in StructField field, int index, StructError reason, string value, string type) =>
        new(reason,
            reason is StructError.OutOfRange
                ? $"{Where(format, field, index)} holds {value}, which does not fit {type}."
                : $"{Where(format, field, index)} holds {value}, which cannot be read as {type}.",
            field.Position);

    public static StructException BadText(StructFormat format, in StructField field, int index, string word) =>
        new(StructError.BadText,
            $"{Where(format, field, index)} takes {Takes(field)}; {Quote(word)} cannot be read as that.",
            field.Position);

    public static string Describe(in StructValue value) => value.Kind switch
    {
        StructValueKind.Bytes => Describe(value.Span),
        StructValueKind.Integer or StructValueKind.Float => value.ToString(),
        _ => "a boolean",
    };

    public static string Describe(ReadOnlySpan<byte> bytes) => Count(bytes.Length, "byte");

    public static string Describe(StructValueKind kind) => kind switch
    {
        StructValueKind.Integer => "an integer",
        StructValueKind.Float => "a float",
        StructValueKind.Boolean => "a boolean",
        _ => "a run of bytes",
    };

    public static string WithArticle(string noun) => noun[0] is 'i' ? $"an {noun}" : $"a {noun}";

    private static string Where(StructFormat format, in StructField field, int index) =>
        $"Format {Quote(format.Text)}, value {index + 1}: {Quote(field.Code)} at index {field.Position}";

    private static string Takes(in StructField field) => field.Type switch
    {
        StructType.Int8 => $"an integer from {sbyte.MinValue} to {sbyte.MaxValue}",
        StructType.UInt8 => $"an integer from 0 to {byte.MaxValue}",
        StructType.Int16 => $"an integer from {short.MinValue} to {short.MaxValue}",
        StructType.UInt16 => $"an integer from 0 to {ushort.MaxValue}",
        StructType.Int32 => $"an integer from {int.MinValue} to {int.MaxValue}",
        StructType.UInt32 => $"an integer from 0 to {uint.MaxValue}",
        StructType.Int64 => $"an integer from {long.MinValue} to {long.MaxValue}",
        StructType.UInt64 => $"an integer from 0 to {ulong.MaxValue}",
        StructType.Pointer => $"an integer from {long.MinValue} to {ulong.MaxValue}",
        StructType.Half => "a number that rounds to one from -65504 to 65504",
        StructType.Single => $"a number that rounds to one from {float.MinValue:R} to {float.MaxValue:R}",
        StructType.NativeSingle or StructType.Double => "a number",
        StructType.Boolean => "true or false",
        StructType.Char => "exactly one byte",
        _ => "bytes",
    };

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static StructException BadOffset(StructFormat format, int length, int offset) =>
        new(StructError.OffsetOutOfRange,
            $"Format {Quote(format.Text)}: offset {offset} is outside the buffer of {Count(length, "byte")}; " +
            "it counts from the start, so slice the buffer to count from its end.");

    public static string Shorten(string text) => text.Length > MostShown ? text[..MostShown] + "…" : text;

    private static string Quote(string text)
    {
        string shown = text.Length > MostShown ? text[..MostShown] : text;
        return $"'{string.Concat(shown.Select(Escape))}'{(text.Length > MostShown ? "…" : "")}";
    }

    private static string Quote(char letter) => $"'{Escape(letter)}'";

    private static string Escape(char letter) =>
        letter is >= ' ' and <= '~' ? letter.ToString() : $"\\u{(int)letter:x4}";
}
