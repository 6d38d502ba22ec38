using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Dialtone;

// Beneath the generic overloads. Store and Load move values whose bits are the item's already and give the next place;
// they are called only where StructShape says so of all of them and the record's length is checked. Put and Get do the
// rest, item by item.
public sealed partial class StructFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasShape(ulong shape) => _shape == shape;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Store<T>(ref byte place, T value)
        where T : allows ref struct
    {
        Unsafe.WriteUnaligned(ref place, value);
        return ref Unsafe.Add(ref place, Unsafe.SizeOf<T>());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Load<T>(ref byte place, out T value)
    {
        value = Unsafe.ReadUnaligned<T>(ref place);
        return ref Unsafe.Add(ref place, Unsafe.SizeOf<T>());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Put<T>(Span<byte> record, int index, T value)
        where T : allows ref struct
    {
        ref readonly var item = ref _items[index];
        if (StructArgument.Encode(item.Type, record.Slice(item.Offset, item.Size), _reversed, ref value) is { } error)
            throw StructErrors.Refused(this, item, index, error, StructArgument.Describe(ref value));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T Get<T>(ReadOnlySpan<byte> record, int index)
    {
        ref readonly var item = ref _items[index];
        var bytes = record.Slice(item.Offset, item.Size);
        if (StructArgument.Decode(item.Type, bytes, _reversed, out T result) is { } error)
        {
            string value = StructErrors.Describe(StructDecoder.Decode(item.Type, bytes, _reversed));
            throw StructErrors.Unreadable(this, item, index, error, value, typeof(T).Name);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reverse<T>(ref T value)
        where T : allows ref struct
    {
        if (Unsafe.SizeOf<T>() == sizeof(ushort))
        {
            ref ushort bits = ref Unsafe.As<T, ushort>(ref value);
            bits = BinaryPrimitives.ReverseEndianness(bits);
        }
        else if (Unsafe.SizeOf<T>() == sizeof(uint))
        {
            ref uint bits = ref Unsafe.As<T, uint>(ref value);
            bits = BinaryPrimitives.ReverseEndianness(bits);
        }
        else if (Unsafe.SizeOf<T>() == sizeof(ulong))
        {
            ref ulong bits = ref Unsafe.As<T, ulong>(ref value);
            bits = BinaryPrimitives.ReverseEndianness(bits);
        }
    }
}
