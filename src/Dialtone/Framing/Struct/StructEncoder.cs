using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dialtone;

// One value into the bytes of one item; reversed: in the other byte order than this machine's. Null says it fitted; the
// caller knows where it stood and words the error.
internal static class StructEncoder
{
    public static StructError? Encode(StructType type, Span<byte> target, bool reversed, in StructValue value) =>
        value.Kind switch
        {
            StructValueKind.Float => Float(type, target, reversed, value.AsDouble()),
            StructValueKind.Bytes => Bytes(type, target, value.Span),
            _ => Integer(type, target, reversed, value.Bits, value.IsNegative),   // as in Python, a boolean is 0 or 1
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StructError? Integer(StructType type, Span<byte> target, bool reversed, ulong bits, bool negative)
    {
        switch (type)
        {
            case StructType.Int8 when Fits(bits, negative, sbyte.MaxValue):
            case StructType.UInt8 when !negative && bits <= byte.MaxValue:
                target[0] = (byte)bits;
                return null;
            case StructType.Int16 when Fits(bits, negative, short.MaxValue):
            case StructType.UInt16 when !negative && bits <= ushort.MaxValue:
                Write(target, reversed, (ushort)bits);
                return null;
            case StructType.Int32 when Fits(bits, negative, int.MaxValue):
            case StructType.UInt32 when !negative && bits <= uint.MaxValue:
                Write(target, reversed, (uint)bits);
                return null;
            case StructType.Int64 when Fits(bits, negative, long.MaxValue):
            case StructType.UInt64 when !negative:
            case StructType.Pointer:
                Write(target, reversed, bits);
                return null;
            case StructType.Boolean:
                target[0] = bits != 0 ? (byte)1 : (byte)0;
                return null;
            case StructType.Half or StructType.Single or StructType.NativeSingle or StructType.Double:
                return Float(type, target, reversed, negative ? (long)bits : bits);
            default:
                return type < StructType.Half ? StructError.OutOfRange : StructError.WrongType;
        }
    }

    public static StructError? Float(StructType type, Span<byte> target, bool reversed, double value)
    {
        switch (type)
        {
            case StructType.Half:
                var half = (Half)value;
                if (Half.IsInfinity(half) && !double.IsInfinity(value))
                    return StructError.OutOfRange;
                if (double.IsNaN(value))   // CPython keeps the sign alone of what a NaN carries
                    half = BitConverter.UInt16BitsToHalf(double.IsNegative(value) ? (ushort)0xFE00 : (ushort)0x7E00);
                Write(target, reversed, BitConverter.HalfToUInt16Bits(half));
                return null;
            case StructType.Single or StructType.NativeSingle:
                float single = (float)value;
                if (type is StructType.Single && float.IsInfinity(single) && !double.IsInfinity(value))
                    return StructError.OutOfRange;
                Write(target, reversed, BitConverter.SingleToUInt32Bits(single));
                return null;
            case StructType.Double:
                Write(target, reversed, BitConverter.DoubleToUInt64Bits(value));
                return null;
            case StructType.Boolean:
                target[0] = value != 0 ? (byte)1 : (byte)0;
                return null;
            default:
                return StructError.WrongType;
        }
    }

    public static StructError? Bits(Span<byte> target, bool reversed, ushort bits)
    {
        Write(target, reversed, bits);
        return null;
    }

    public static StructError? Bits(Span<byte> target, bool reversed, uint bits)
    {
        Write(target, reversed, bits);
        return null;
    }

    public static StructError? Bytes(StructType type, Span<byte> target, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case StructType.Char:
                if (value.Length != 1)
                    return StructError.OutOfRange;
                target[0] = value[0];
                return null;
            case StructType.Bytes:
                CopyPadded(value, target);
                return null;
            case StructType.Pascal:
                if (target.IsEmpty)
                    return null;
                target[0] = (byte)int.Min(int.Min(value.Length, target.Length - 1), byte.MaxValue);
                CopyPadded(value, target[1..]);
                return null;
            case StructType.Boolean:
                target[0] = value.IsEmpty ? (byte)0 : (byte)1;
                return null;
            default:
                return StructError.WrongType;
        }
    }

    private static void CopyPadded(ReadOnlySpan<byte> value, Span<byte> target)
    {
        int count = int.Min(value.Length, target.Length);
        value[..count].CopyTo(target);
        target[count..].Clear();
    }

    private static bool Fits(ulong bits, bool negative, long most) =>
        negative ? (long)bits >= ~most : bits <= (ulong)most;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Span<byte> target, bool reversed, ushort bits) =>
        MemoryMarshal.Write(target, reversed ? BinaryPrimitives.ReverseEndianness(bits) : bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Span<byte> target, bool reversed, uint bits) =>
        MemoryMarshal.Write(target, reversed ? BinaryPrimitives.ReverseEndianness(bits) : bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Span<byte> target, bool reversed, ulong bits) =>
        MemoryMarshal.Write(target, reversed ? BinaryPrimitives.ReverseEndianness(bits) : bits);
}
