using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dialtone;

// Arguments of the generic overloads, in and out. typeof(T) is known to the JIT: of each ladder one rung is left.
internal static class StructArgument
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StructError? Encode<T>(StructType type, Span<byte> target, bool reversed, ref T argument)
        where T : allows ref struct
    {
        if (TryGetInteger(ref argument, out ulong bits, out bool negative))
            return StructEncoder.Integer(type, target, reversed, bits, negative);
        // A float of the item's own width is moved bit for bit, as where StructShape lets it: whatever a NaN carries, it keeps.
        if (typeof(T) == typeof(Half) && type is StructType.Half)
            return StructEncoder.Bits(target, reversed, BitConverter.HalfToUInt16Bits(Unsafe.As<T, Half>(ref argument)));
        if (typeof(T) == typeof(float) && type is (StructType.Single or StructType.NativeSingle))
            return StructEncoder.Bits(target, reversed, BitConverter.SingleToUInt32Bits(Unsafe.As<T, float>(ref argument)));
        if (TryGetFloat(ref argument, out double number))
            return StructEncoder.Float(type, target, reversed, number);
        if (TryGetBytes(ref argument, out var bytes))
            return StructEncoder.Bytes(type, target, bytes);
        return typeof(T) == typeof(StructValue)
            ? StructEncoder.Encode(type, target, reversed, Unsafe.As<T, StructValue>(ref argument))
            : StructError.WrongType;
    }

    // Integers fit or are refused; floats only widen; the rest is what it is.
    public static StructError? Decode<T>(StructType type, ReadOnlySpan<byte> source, bool reversed, out T result)
    {
        if (typeof(T) == typeof(sbyte)) return Integer<sbyte, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(byte)) return Integer<byte, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(short)) return Integer<short, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(ushort)) return Integer<ushort, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(int)) return Integer<int, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(uint)) return Integer<uint, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(long)) return Integer<long, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(ulong)) return Integer<ulong, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(nint)) return Integer<nint, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(nuint)) return Integer<nuint, T>(type, source, reversed, out result);
        if (typeof(T) == typeof(Half) && type is StructType.Half)
        {
            result = As<Half, T>(BitConverter.UInt16BitsToHalf((ushort)StructDecoder.Read(source, reversed)));
            return null;
        }

        if (typeof(T) == typeof(float) && type is (StructType.Single or StructType.NativeSingle))
        {
            result = As<float, T>(BitConverter.UInt32BitsToSingle((uint)StructDecoder.Read(source, reversed)));
            return null;
        }

        return Other(type, StructDecoder.Decode(type, source, reversed), out result);
    }

    public static string Describe<T>(ref T argument)
        where T : allows ref struct
    {
        if (TryGetBytes(ref argument, out var bytes))
            return StructErrors.Describe(bytes);
        if (typeof(T) == typeof(bool))
            return StructErrors.Describe(Unsafe.As<T, bool>(ref argument));
        if (TryGetInteger(ref argument, out ulong bits, out bool negative))
            return StructErrors.Describe(negative ? (long)bits : bits);
        if (TryGetFloat(ref argument, out double number))
            return StructErrors.Describe(number);
        return typeof(T) == typeof(StructValue)
            ? StructErrors.Describe(Unsafe.As<T, StructValue>(ref argument))
            : $"a {typeof(T).Name}";
    }

    private static bool TryGetInteger<T>(ref T argument, out ulong bits, out bool negative)
        where T : allows ref struct
    {
        negative = false;
        if (typeof(T) == typeof(byte)) bits = Unsafe.As<T, byte>(ref argument);
        else if (typeof(T) == typeof(ushort)) bits = Unsafe.As<T, ushort>(ref argument);
        else if (typeof(T) == typeof(uint)) bits = Unsafe.As<T, uint>(ref argument);
        else if (typeof(T) == typeof(ulong)) bits = Unsafe.As<T, ulong>(ref argument);
        else if (typeof(T) == typeof(nuint)) bits = Unsafe.As<T, nuint>(ref argument);
        else if (typeof(T) == typeof(bool)) bits = Unsafe.As<T, bool>(ref argument) ? 1u : 0u;   // as in Python
        else return TryGetSigned(ref argument, out bits, out negative);
        return true;
    }

    private static bool TryGetSigned<T>(ref T argument, out ulong bits, out bool negative)
        where T : allows ref struct
    {
        long value = 0;
        bool found = true;
        if (typeof(T) == typeof(sbyte)) value = Unsafe.As<T, sbyte>(ref argument);
        else if (typeof(T) == typeof(short)) value = Unsafe.As<T, short>(ref argument);
        else if (typeof(T) == typeof(int)) value = Unsafe.As<T, int>(ref argument);
        else if (typeof(T) == typeof(long)) value = Unsafe.As<T, long>(ref argument);
        else if (typeof(T) == typeof(nint)) value = Unsafe.As<T, nint>(ref argument);
        else found = false;
        bits = (ulong)value;
        negative = value < 0;
        return found;
    }

    private static bool TryGetFloat<T>(ref T argument, out double number)
        where T : allows ref struct
    {
        number = 0;
        if (typeof(T) == typeof(Half)) number = (double)Unsafe.As<T, Half>(ref argument);
        else if (typeof(T) == typeof(float)) number = Unsafe.As<T, float>(ref argument);
        else if (typeof(T) == typeof(double)) number = Unsafe.As<T, double>(ref argument);
        else return false;
        return true;
    }

    private static bool TryGetBytes<T>(ref T argument, out ReadOnlySpan<byte> bytes)
        where T : allows ref struct
    {
        bytes = default;
        if (typeof(T) == typeof(byte[])) bytes = Unsafe.As<T, byte[]>(ref argument);
        else if (typeof(T) == typeof(Span<byte>)) bytes = Unsafe.As<T, Span<byte>>(ref argument);
        else if (typeof(T) == typeof(ReadOnlySpan<byte>)) bytes = Unsafe.As<T, ReadOnlySpan<byte>>(ref argument);
        else if (typeof(T) == typeof(Memory<byte>)) bytes = Unsafe.As<T, Memory<byte>>(ref argument).Span;
        else if (typeof(T) == typeof(ReadOnlyMemory<byte>))
            bytes = Unsafe.As<T, ReadOnlyMemory<byte>>(ref argument).Span;
        else return false;
        return true;
    }

    private static StructError? Integer<TInteger, T>(
        StructType type, ReadOnlySpan<byte> source, bool reversed, out T result)
        where TInteger : IBinaryInteger<TInteger>
    {
        result = default!;
        if (!StructDecoder.TryDecodeInteger(type, source, reversed, out ulong bits, out bool negative))
            return StructError.WrongType;

        var integer = TInteger.CreateTruncating(bits);
        if (TInteger.IsNegative(integer) != negative || ulong.CreateTruncating(integer) != bits)
            return StructError.OutOfRange;
        result = As<TInteger, T>(integer);
        return null;
    }

    private static StructError? Other<T>(StructType type, in StructValue value, out T result)
    {
        result = default!;
        if (typeof(T) == typeof(StructValue))
            result = As<StructValue, T>(value);
        else if (typeof(T) == typeof(bool) && value.Kind is StructValueKind.Boolean)
            result = As<bool, T>(value.AsBoolean());
        else if (typeof(T) == typeof(float) && type is StructType.Half)
            result = As<float, T>((float)value.AsDouble());
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

    private static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);
}
