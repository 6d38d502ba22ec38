using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dialtone;

// The bytes of one item as a value, and a value as the .NET type a caller asked for.
internal static class StructDecoder
{
    public static StructValue Decode(StructType type, ReadOnlySpan<byte> source, bool bigEndian) => type switch
    {
        StructType.Int8 => (sbyte)source[0],
        StructType.Int16 => (short)Read(source, bigEndian),
        StructType.Int32 => (int)Read(source, bigEndian),
        StructType.Int64 => (long)Read(source, bigEndian),
        StructType.Half => BitConverter.UInt16BitsToHalf((ushort)Read(source, bigEndian)),
        StructType.Single or StructType.NativeSingle => BitConverter.UInt32BitsToSingle((uint)Read(source, bigEndian)),
        StructType.Double => BitConverter.UInt64BitsToDouble(Read(source, bigEndian)),
        StructType.Boolean => source[0] != 0,
        StructType.Char or StructType.Bytes => source,
        StructType.Pascal => Pascal(source),
        _ => Read(source, bigEndian),
    };

    // Integers fit or are refused; floats only widen; the rest is what it is.
    public static StructError? Convert<T>(in StructValue value, out T result)
    {
        if (typeof(T) == typeof(sbyte)) return Integer<sbyte, T>(value, out result);
        if (typeof(T) == typeof(byte)) return Integer<byte, T>(value, out result);
        if (typeof(T) == typeof(short)) return Integer<short, T>(value, out result);
        if (typeof(T) == typeof(ushort)) return Integer<ushort, T>(value, out result);
        if (typeof(T) == typeof(int)) return Integer<int, T>(value, out result);
        if (typeof(T) == typeof(uint)) return Integer<uint, T>(value, out result);
        if (typeof(T) == typeof(long)) return Integer<long, T>(value, out result);
        if (typeof(T) == typeof(ulong)) return Integer<ulong, T>(value, out result);
        if (typeof(T) == typeof(nint)) return Integer<nint, T>(value, out result);
        if (typeof(T) == typeof(nuint)) return Integer<nuint, T>(value, out result);

        result = default!;
        if (typeof(T) == typeof(StructValue))
            result = As<StructValue, T>(value);
        else if (typeof(T) == typeof(bool) && value.Kind is StructValueKind.Boolean)
            result = As<bool, T>(value.AsBoolean());
        else if (typeof(T) == typeof(double) && value.Kind is StructValueKind.Float or StructValueKind.Integer)
            result = As<double, T>(value.AsDouble());
        else if (typeof(T) == typeof(byte[]) && value.Kind is StructValueKind.Bytes)
            result = As<byte[], T>(value.Span.ToArray());
        else if (typeof(T) == typeof(ReadOnlyMemory<byte>) && value.Kind is StructValueKind.Bytes)
            result = As<ReadOnlyMemory<byte>, T>(value.AsBytes());
        else
            return StructError.WrongType;
        return null;
    }

    private static StructError? Integer<TInteger, T>(in StructValue value, out T result)
        where TInteger : IBinaryInteger<TInteger>
    {
        result = default!;
        if (!value.TryGetInteger(out Int128 wide))
            return StructError.WrongType;

        var integer = TInteger.CreateTruncating(wide);
        if (Int128.CreateChecked(integer) != wide)
            return StructError.OutOfRange;
        result = As<TInteger, T>(integer);
        return null;
    }

    private static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);

    private static ReadOnlySpan<byte> Pascal(ReadOnlySpan<byte> source) =>
        source.IsEmpty ? source : source.Slice(1, int.Min(source[0], source.Length - 1));

    private static ulong Read(ReadOnlySpan<byte> source, bool bigEndian) => source.Length switch
    {
        1 => source[0],
        2 => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(source) : BinaryPrimitives.ReadUInt16LittleEndian(source),
        4 => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(source) : BinaryPrimitives.ReadUInt32LittleEndian(source),
        _ => bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(source) : BinaryPrimitives.ReadUInt64LittleEndian(source),
    };
}
