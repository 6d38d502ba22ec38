using System.Runtime.CompilerServices;

namespace Dialtone;

// The types of up to eight arguments as one number, a StructType in each byte, the first in the lowest; a constant to
// the JIT. A format whose items stand in these types, byte to byte, needs one comparison to know that values go in as
// they are. Never 0, and never that of a format when one argument has no such type.
internal static class StructShape
{
    public const StructType Unlike = (StructType)byte.MaxValue;

    public static ulong Of(ReadOnlySpan<StructField> items)
    {
        ulong shape = 0;
        int end = 0;
        for (int i = 0; i < items.Length; end += items[i].Size, i++)
        {
            var type = Exact(items[i].Type);
            if (type is Unlike || items[i].Offset != end)
                return 0;
            shape |= (ulong)type << (8 * i);
        }

        return shape;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1>()
        where T1 : allows ref struct =>
        (ulong)Tag<T1>.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2>()
        where T1 : allows ref struct
        where T2 : allows ref struct =>
        Of<T1>() | (ulong)Tag<T2>.Value << 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct =>
        Of<T1, T2>() | (ulong)Tag<T3>.Value << 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3, T4>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct =>
        Of<T1, T2, T3>() | (ulong)Tag<T4>.Value << 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3, T4, T5>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct =>
        Of<T1, T2, T3, T4>() | (ulong)Tag<T5>.Value << 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3, T4, T5, T6>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct =>
        Of<T1, T2, T3, T4, T5>() | (ulong)Tag<T6>.Value << 40;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3, T4, T5, T6, T7>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
        where T7 : allows ref struct =>
        Of<T1, T2, T3, T4, T5, T6>() | (ulong)Tag<T7>.Value << 48;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T1, T2, T3, T4, T5, T6, T7, T8>()
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
        where T7 : allows ref struct
        where T8 : allows ref struct =>
        Of<T1, T2, T3, T4, T5, T6, T7>() | (ulong)Tag<T8>.Value << 56;

    // An item that takes any value of a .NET type of its size is of that type.
    private static StructType Exact(StructType type) => type switch
    {
        StructType.NativeSingle => StructType.Single,
        StructType.Pointer => StructType.UInt64,
        < StructType.Boolean => type,
        _ => Unlike,
    };

    // A static readonly field of a generic class: the JIT takes its value for a constant.
    private static class Tag<T>
        where T : allows ref struct
    {
        public static readonly StructType Value = Find();

        private static StructType Find()
        {
            if (typeof(T) == typeof(sbyte)) return StructType.Int8;
            if (typeof(T) == typeof(byte)) return StructType.UInt8;
            if (typeof(T) == typeof(short)) return StructType.Int16;
            if (typeof(T) == typeof(ushort)) return StructType.UInt16;
            if (typeof(T) == typeof(int)) return StructType.Int32;
            if (typeof(T) == typeof(uint)) return StructType.UInt32;
            if (typeof(T) == typeof(long)) return StructType.Int64;
            if (typeof(T) == typeof(ulong)) return StructType.UInt64;
            if (typeof(T) == typeof(Half)) return StructType.Half;
            if (typeof(T) == typeof(float)) return StructType.Single;
            if (typeof(T) == typeof(double)) return StructType.Double;
            return Unlike;
        }
    }
}
