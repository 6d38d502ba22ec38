using System.Buffers.Binary;

namespace Dialtone;

// One value into the bytes of one item. Null says it fitted; the caller knows where it stood and words the error.
internal static class StructEncoder
{
    public static StructError? Encode(StructType type, Span<byte> target, bool bigEndian, in StructValue value) =>
        value.Kind switch
        {
            StructValueKind.Float => Float(type, target, bigEndian, value.AsDouble()),
            StructValueKind.Bytes => Bytes(type, target, value.Span),
            _ => Integer(type, target, bigEndian, value.Bits, value.IsNegative),   // as in Python, a boolean is 0 or 1
        };

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

    private static StructError? Integer(StructType type, Span<byte> target, bool bigEndian, ulong bits, bool negative)
    {
        bool fits = true;
        switch (type)
        {
            case StructType.Int8 or StructType.Int16 or StructType.Int32 or StructType.Int64:
                ulong most = (1UL << (8 * target.Length - 1)) - 1;
                fits = negative ? (long)bits >= ~(long)most : bits <= most;
                break;
            case StructType.UInt8 or StructType.UInt16 or StructType.UInt32 or StructType.UInt64:
                fits = !negative && bits <= ulong.MaxValue >> (64 - 8 * target.Length);
                break;
            case StructType.Pointer:
                break;
            case StructType.Boolean:
                bits = bits != 0 ? 1u : 0u;
                break;
            case StructType.Half or StructType.Single or StructType.NativeSingle or StructType.Double:
                return Float(type, target, bigEndian, negative ? (long)bits : bits);
            default:
                return StructError.WrongType;
        }

        if (!fits)
            return StructError.OutOfRange;
        Write(target, bigEndian, bits);
        return null;
    }

    private static StructError? Float(StructType type, Span<byte> target, bool bigEndian, double value)
    {
        switch (type)
        {
            case StructType.Half:
                var half = (Half)value;
                if (Half.IsInfinity(half) && !double.IsInfinity(value))
                    return StructError.OutOfRange;
                if (double.IsNaN(value))   // CPython keeps the sign alone of what a NaN carries
                    half = BitConverter.UInt16BitsToHalf(double.IsNegative(value) ? (ushort)0xFE00 : (ushort)0x7E00);
                Write(target, bigEndian, BitConverter.HalfToUInt16Bits(half));
                return null;
            case StructType.Single or StructType.NativeSingle:
                float single = (float)value;
                if (type is StructType.Single && float.IsInfinity(single) && !double.IsInfinity(value))
                    return StructError.OutOfRange;
                Write(target, bigEndian, BitConverter.SingleToUInt32Bits(single));
                return null;
            case StructType.Double:
                Write(target, bigEndian, BitConverter.DoubleToUInt64Bits(value));
                return null;
            case StructType.Boolean:
                target[0] = value != 0 ? (byte)1 : (byte)0;
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

    private static void Write(Span<byte> target, bool bigEndian, ulong bits)
    {
        switch (target.Length)
        {
            case 1:
                target[0] = (byte)bits;
                break;
            case 2 when bigEndian:
                BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)bits);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)bits);
                break;
            case 4 when bigEndian:
                BinaryPrimitives.WriteUInt32BigEndian(target, (uint)bits);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)bits);
                break;
            case 8 when bigEndian:
                BinaryPrimitives.WriteUInt64BigEndian(target, bits);
                break;
            case 8:
                BinaryPrimitives.WriteUInt64LittleEndian(target, bits);
                break;
        }
    }
}
