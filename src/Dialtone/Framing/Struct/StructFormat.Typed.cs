using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dialtone;

public sealed partial class StructFormat
{
    // A value whose bits are already the item's is one store at a known offset. The span was claimed for the whole
    // record and every offset lies within it, so the store needs no check.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put<T>(Span<byte> target, int index, T value)
        where T : allows ref struct
    {
        if (TypeOf(index) != StructTag<T>.Value)
        {
            Convert(target, index, value);
            return;
        }

        ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(target), _items[index].Offset);
        if (_reversed)
            Reverse(ref value);
        Unsafe.WriteUnaligned(ref place, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Get<T>(ReadOnlySpan<byte> source, int index)
    {
        if (TypeOf(index) != StructTag<T>.Value)
            return Convert<T>(source, index);

        var value = Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref MemoryMarshal.GetReference(source), _items[index].Offset));
        if (_reversed)
            Reverse(ref value);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private StructType TypeOf(int index) => (StructType)(byte)(_types >> (8 * index));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Convert<T>(Span<byte> target, int index, T value)
        where T : allows ref struct
    {
        ref readonly var item = ref _items[index];
        var place = target.Slice(item.Offset, item.Size);
        if (StructArgument.TryGetSpan(ref value, out var bytes))
        {
            if (StructEncoder.Bytes(item.Type, place, bytes) is { } error)
                throw StructErrors.Refused(this, item, index, error, StructErrors.Describe(bytes));
        }
        else if (StructArgument.TryGetValue(ref value, out var argument))
        {
            if (StructEncoder.Encode(item.Type, place, _bigEndian, argument) is { } error)
                throw StructErrors.Refused(this, item, index, error, StructErrors.Describe(argument));
        }
        else
        {
            throw StructErrors.Refused(this, item, index, StructError.WrongType, typeof(T).Name);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T Convert<T>(ReadOnlySpan<byte> source, int index)
    {
        ref readonly var item = ref _items[index];
        var value = StructDecoder.Decode(item.Type, source.Slice(item.Offset, item.Size), _bigEndian);
        return StructDecoder.Convert(value, out T result) is { } error
            ? throw StructErrors.Unreadable(this, item, index, error, StructErrors.Describe(value), typeof(T).Name)
            : result;
    }

    private ReadOnlySpan<byte> Claim(ReadOnlySpan<byte> source, int values)
    {
        if (values != ItemCount)
            StructErrors.ThrowWrongItemCount(this, values);
        if (source.Length != Size)
            StructErrors.ThrowWrongLength(this, source.Length);
        return source;
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
