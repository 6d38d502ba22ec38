using System.Runtime.CompilerServices;

namespace Dialtone;

// What a generic overload was given, as a value or as bytes. typeof(T) is known to the JIT: one line of each is left.
internal static class StructArgument
{
    public static bool TryGetSpan<T>(ref T argument, out ReadOnlySpan<byte> bytes)
        where T : allows ref struct
    {
        if (typeof(T) == typeof(ReadOnlySpan<byte>))
            bytes = Unsafe.As<T, ReadOnlySpan<byte>>(ref argument);
        else if (typeof(T) == typeof(Span<byte>))
            bytes = Unsafe.As<T, Span<byte>>(ref argument);
        else if (typeof(T) == typeof(byte[]))
            bytes = Unsafe.As<T, byte[]>(ref argument);
        else if (typeof(T) == typeof(ReadOnlyMemory<byte>))
            bytes = Unsafe.As<T, ReadOnlyMemory<byte>>(ref argument).Span;
        else if (typeof(T) == typeof(Memory<byte>))
            bytes = Unsafe.As<T, Memory<byte>>(ref argument).Span;
        else
        {
            bytes = default;
            return false;
        }

        return true;
    }

    public static bool TryGetValue<T>(ref T argument, out StructValue value)
        where T : allows ref struct
    {
        if (typeof(T) == typeof(StructValue)) value = Unsafe.As<T, StructValue>(ref argument);
        else if (typeof(T) == typeof(sbyte)) value = Unsafe.As<T, sbyte>(ref argument);
        else if (typeof(T) == typeof(byte)) value = Unsafe.As<T, byte>(ref argument);
        else if (typeof(T) == typeof(short)) value = Unsafe.As<T, short>(ref argument);
        else if (typeof(T) == typeof(ushort)) value = Unsafe.As<T, ushort>(ref argument);
        else if (typeof(T) == typeof(int)) value = Unsafe.As<T, int>(ref argument);
        else if (typeof(T) == typeof(uint)) value = Unsafe.As<T, uint>(ref argument);
        else if (typeof(T) == typeof(long)) value = Unsafe.As<T, long>(ref argument);
        else if (typeof(T) == typeof(ulong)) value = Unsafe.As<T, ulong>(ref argument);
        else if (typeof(T) == typeof(nint)) value = Unsafe.As<T, nint>(ref argument);
        else if (typeof(T) == typeof(nuint)) value = Unsafe.As<T, nuint>(ref argument);
        else if (typeof(T) == typeof(bool)) value = Unsafe.As<T, bool>(ref argument);
        else if (typeof(T) == typeof(Half)) value = Unsafe.As<T, Half>(ref argument);
        else if (typeof(T) == typeof(float)) value = Unsafe.As<T, float>(ref argument);
        else if (typeof(T) == typeof(double)) value = Unsafe.As<T, double>(ref argument);
        else
        {
            value = default;
            return false;
        }

        return true;
    }
}
