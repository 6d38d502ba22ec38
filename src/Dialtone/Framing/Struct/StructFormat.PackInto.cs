using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Packs one value into a buffer without boxing; <c>s</c>, <c>p</c> and <c>c</c> take spans too.</summary>
    /// <param name="destination">The buffer; bytes outside the record are left alone.</param>
    /// <param name="offset">Where the record begins, in bytes from the start of the buffer.</param>
    /// <param name="value1">The value of the first item.</param>
    /// <typeparam name="T1">
    /// An integer type of up to 64 bits, <see cref="bool"/>, <see cref="Half"/>, <see cref="float"/>,
    /// <see cref="double"/>, a byte array, memory or span, or <see cref="StructValue"/>.
    /// </typeparam>
    /// <exception cref="StructException">
    /// The buffer is too short, or a value too many, too few, of the wrong kind or out of range. The bytes of the
    /// record may then be half written.
    /// </exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1>(Span<byte> destination, int offset, T1 value1)
        where T1 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1>()) && Holds(destination, offset))
        {
            if (_reversed)
                Reverse(ref value1);

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            Store(ref place, value1);
            return;
        }

        var record = Claim(destination, offset, 1);
        Put(record, 0, value1);
    }

    /// <summary>Packs two values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2>(Span<byte> destination, int offset, T1 value1, T2 value2)
        where T1 : allows ref struct
        where T2 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2>()) && Holds(destination, offset))
        {
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
            }

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            Store(ref place, value2);
            return;
        }

        var record = Claim(destination, offset, 2);
        Put(record, 0, value1);
        Put(record, 1, value2);
    }

    /// <summary>Packs three values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3>(Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3>()) && Holds(destination, offset))
        {
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
            }

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            Store(ref place, value3);
            return;
        }

        var record = Claim(destination, offset, 3);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
    }

    /// <summary>Packs four values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3, T4>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4>()) && Holds(destination, offset))
        {
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
            }

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            place = ref Store(ref place, value3);
            Store(ref place, value4);
            return;
        }

        var record = Claim(destination, offset, 4);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
        Put(record, 3, value4);
    }

    /// <summary>Packs five values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3, T4, T5>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5>()) && Holds(destination, offset))
        {
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
            }

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            place = ref Store(ref place, value3);
            place = ref Store(ref place, value4);
            Store(ref place, value5);
            return;
        }

        var record = Claim(destination, offset, 5);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
        Put(record, 3, value4);
        Put(record, 4, value5);
    }

    /// <summary>Packs six values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3, T4, T5, T6>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5, T6 value6)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6>()) && Holds(destination, offset))
        {
            if (_reversed)
            {
                Reverse(ref value1);
                Reverse(ref value2);
                Reverse(ref value3);
                Reverse(ref value4);
                Reverse(ref value5);
                Reverse(ref value6);
            }

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            place = ref Store(ref place, value3);
            place = ref Store(ref place, value4);
            place = ref Store(ref place, value5);
            Store(ref place, value6);
            return;
        }

        var record = Claim(destination, offset, 6);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
        Put(record, 3, value4);
        Put(record, 4, value5);
        Put(record, 5, value6);
    }

    /// <summary>Packs seven values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3, T4, T5, T6, T7>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5, T6 value6, T7 value7)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
        where T7 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6, T7>()) && Holds(destination, offset))
        {
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

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            place = ref Store(ref place, value3);
            place = ref Store(ref place, value4);
            place = ref Store(ref place, value5);
            place = ref Store(ref place, value6);
            Store(ref place, value7);
            return;
        }

        var record = Claim(destination, offset, 7);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
        Put(record, 3, value4);
        Put(record, 4, value5);
        Put(record, 5, value6);
        Put(record, 6, value7);
    }

    /// <summary>Packs eight values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PackInto<T1, T2, T3, T4, T5, T6, T7, T8>(
        Span<byte> destination, int offset,
        T1 value1, T2 value2, T3 value3, T4 value4, T5 value5, T6 value6, T7 value7, T8 value8)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
        where T7 : allows ref struct
        where T8 : allows ref struct
    {
        if (HasShape(StructShape.Of<T1, T2, T3, T4, T5, T6, T7, T8>()) && Holds(destination, offset))
        {
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

            ref byte place = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset);
            place = ref Store(ref place, value1);
            place = ref Store(ref place, value2);
            place = ref Store(ref place, value3);
            place = ref Store(ref place, value4);
            place = ref Store(ref place, value5);
            place = ref Store(ref place, value6);
            place = ref Store(ref place, value7);
            Store(ref place, value8);
            return;
        }

        var record = Claim(destination, offset, 8);
        Put(record, 0, value1);
        Put(record, 1, value2);
        Put(record, 2, value3);
        Put(record, 3, value4);
        Put(record, 4, value5);
        Put(record, 5, value6);
        Put(record, 6, value7);
        Put(record, 7, value8);
    }
}
