using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dialtone;

// The bytes of one item as a value. Reversed: they stand in the other byte order than this machine's.
internal static class StructDecoder
{
    public static StructValue Decode(StructType type, ReadOnlySpan<byte> source, bool reversed)
    {
        if (TryDecodeInteger(type, source, reversed, out ulong bits, out bool negative))
            return negative ? (long)bits : bits;

        return type switch
        {
            StructType.Half => HalfToDouble(BitConverter.UInt16BitsToHalf((ushort)Read(source, reversed))),
            StructType.Single or StructType.NativeSingle =>
                BitConverter.UInt32BitsToSingle((uint)Read(source, reversed)),
            StructType.Double => BitConverter.UInt64BitsToDouble(Read(source, reversed)),
            StructType.Boolean => source[0] != 0,
            StructType.Pascal => Pascal(source),
            _ => source,
        };
    }

    public static bool TryDecodeInteger(
        StructType type, ReadOnlySpan<byte> source, bool reversed, out ulong bits, out bool negative)
    {
        bits = 0;
        negative = false;
        if (type > StructType.Pointer)
            return false;

        bits = Read(source, reversed);
        if (type is StructType.Int8 or StructType.Int16 or StructType.Int32 or StructType.Int64)
        {
            int unused = 64 - 8 * source.Length;
            long value = (long)(bits << unused) >> unused;   // extends the sign
            bits = (ulong)value;
            negative = value < 0;
        }

        return true;
    }

    private static ReadOnlySpan<byte> Pascal(ReadOnlySpan<byte> source) =>
        source.IsEmpty ? source : source.Slice(1, int.Min(source[0], source.Length - 1));

    // CPython keeps the sign alone of what a half's NaN carries, as it does when it packs one.
    private static double HalfToDouble(Half half) =>
        Half.IsNaN(half) ? double.CopySign(double.NaN, Half.IsNegative(half) ? -1 : 1) : (double)half;

    public static ulong Read(ReadOnlySpan<byte> source, bool reversed)
    {
        switch (source.Length)
        {
            case 1:
                return source[0];
            case 2:
                ushort two = MemoryMarshal.Read<ushort>(source);
                return reversed ? BinaryPrimitives.ReverseEndianness(two) : two;
            case 4:
                uint four = MemoryMarshal.Read<uint>(source);
                return reversed ? BinaryPrimitives.ReverseEndianness(four) : four;
            default:
                ulong eight = MemoryMarshal.Read<ulong>(source);
                return reversed ? BinaryPrimitives.ReverseEndianness(eight) : eight;
        }
    }
}
