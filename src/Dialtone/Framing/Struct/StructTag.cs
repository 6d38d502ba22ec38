namespace Dialtone;

// The item type a .NET type matches bit for bit; None for one that needs a conversion.
// A static readonly field, so that the JIT sees a constant and drops the branches not taken.
internal static class StructTag<T>
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
        return StructType.None;
    }
}
