using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Unpacks exactly <see cref="Size"/> bytes of one item without boxing.</summary>
    /// <typeparam name="T1">
    /// An integer type of up to 64 bits (the value must fit), a float type as wide as the item or wider,
    /// <see cref="bool"/>, a byte array, <see cref="ReadOnlyMemory{T}"/> of bytes, or <see cref="StructValue"/>.
    /// </typeparam>
    /// <exception cref="StructException">
    /// The source is shorter or longer, the format has another number of items, or one cannot be read as its type.
    /// </exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T1 Unpack<T1>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            Load(ref place, out T1 value1);
            if (_reversed)
                Reverse(ref value1);

            return value1;
        }

        var record = Claim(source, 1);
        return Get<T1>(record, 0);
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of two items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2) Unpack<T1, T2>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            Load(ref place, out T2 value2);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
            }

            return (value1, value2);
        }

        var record = Claim(source, 2);
        return (Get<T1>(record, 0), Get<T2>(record, 1));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of three items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3) Unpack<T1, T2, T3>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            Load(ref place, out T3 value3);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
            }

            return (value1, value2, value3);
        }

        var record = Claim(source, 3);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of four items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3, T4) Unpack<T1, T2, T3, T4>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            place = ref Load(ref place, out T3 value3);
            Load(ref place, out T4 value4);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
            }

            return (value1, value2, value3, value4);
        }

        var record = Claim(source, 4);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2), Get<T4>(record, 3));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of five items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3, T4, T5) Unpack<T1, T2, T3, T4, T5>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            place = ref Load(ref place, out T3 value3);
            place = ref Load(ref place, out T4 value4);
            Load(ref place, out T5 value5);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
            }

            return (value1, value2, value3, value4, value5);
        }

        var record = Claim(source, 5);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2), Get<T4>(record, 3),
            Get<T5>(record, 4));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of six items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3, T4, T5, T6) Unpack<T1, T2, T3, T4, T5, T6>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            place = ref Load(ref place, out T3 value3);
            place = ref Load(ref place, out T4 value4);
            place = ref Load(ref place, out T5 value5);
            Load(ref place, out T6 value6);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
                Reverse(ref value6);
            }

            return (value1, value2, value3, value4, value5, value6);
        }

        var record = Claim(source, 6);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2), Get<T4>(record, 3),
            Get<T5>(record, 4), Get<T6>(record, 5));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of seven items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3, T4, T5, T6, T7) Unpack<T1, T2, T3, T4, T5, T6, T7>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6, T7>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            place = ref Load(ref place, out T3 value3);
            place = ref Load(ref place, out T4 value4);
            place = ref Load(ref place, out T5 value5);
            place = ref Load(ref place, out T6 value6);
            Load(ref place, out T7 value7);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
                Reverse(ref value6);
                Reverse(ref value7);
            }

            return (value1, value2, value3, value4, value5, value6, value7);
        }

        var record = Claim(source, 7);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2), Get<T4>(record, 3),
            Get<T5>(record, 4), Get<T6>(record, 5), Get<T7>(record, 6));
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes of eight items without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T1, T2, T3, T4, T5, T6, T7, T8) Unpack<T1, T2, T3, T4, T5, T6, T7, T8>(ReadOnlySpan<byte> source)
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6, T7, T8>()) && source.Length == Size)
        {
            ref byte place = ref MemoryMarshal.GetReference(source);
            place = ref Load(ref place, out T1 value1);
            place = ref Load(ref place, out T2 value2);
            place = ref Load(ref place, out T3 value3);
            place = ref Load(ref place, out T4 value4);
            place = ref Load(ref place, out T5 value5);
            place = ref Load(ref place, out T6 value6);
            place = ref Load(ref place, out T7 value7);
            Load(ref place, out T8 value8);
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
                Reverse(ref value6);
                Reverse(ref value7);
                Reverse(ref value8);
            }

            return (value1, value2, value3, value4, value5, value6, value7, value8);
        }

        var record = Claim(source, 8);
        return (Get<T1>(record, 0), Get<T2>(record, 1), Get<T3>(record, 2), Get<T4>(record, 3),
            Get<T5>(record, 4), Get<T6>(record, 5), Get<T7>(record, 6), Get<T8>(record, 7));
    }
}
