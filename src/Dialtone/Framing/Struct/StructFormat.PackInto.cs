namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Packs one value into a buffer without boxing; a span of bytes will do for <c>s</c>, <c>p</c> and <c>c</c>.</summary>
    /// <param name="destination">The buffer; bytes outside the record are left alone.</param>
    /// <param name="offset">Where the record begins, in bytes from the start of the buffer.</param>
    /// <param name="value1">The value of the first item.</param>
    /// <typeparam name="T1">
    /// An integer type of up to 64 bits, <see cref="bool"/>, <see cref="Half"/>, <see cref="float"/>, <see cref="double"/>,
    /// a byte array, memory or span, or <see cref="StructValue"/>.
    /// </typeparam>
    /// <exception cref="StructException">
    /// The buffer is too short, or a value too many, too few, of the wrong kind or out of range. The bytes of the record
    /// may then be half written.
    /// </exception>
    public void PackInto<T1>(Span<byte> destination, int offset, T1 value1)
        where T1 : allows ref struct
    {
        var target = Claim(destination, offset, 1);
        Put(target, 0, value1);
    }

    /// <summary>Packs two values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2>(Span<byte> destination, int offset, T1 value1, T2 value2)
        where T1 : allows ref struct
        where T2 : allows ref struct
    {
        var target = Claim(destination, offset, 2);
        Put(target, 0, value1);
        Put(target, 1, value2);
    }

    /// <summary>Packs three values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2, T3>(Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
    {
        var target = Claim(destination, offset, 3);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
    }

    /// <summary>Packs four values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2, T3, T4>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
    {
        var target = Claim(destination, offset, 4);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
        Put(target, 3, value4);
    }

    /// <summary>Packs five values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2, T3, T4, T5>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
    {
        var target = Claim(destination, offset, 5);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
        Put(target, 3, value4);
        Put(target, 4, value5);
    }

    /// <summary>Packs six values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2, T3, T4, T5, T6>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5, T6 value6)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
    {
        var target = Claim(destination, offset, 6);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
        Put(target, 3, value4);
        Put(target, 4, value5);
        Put(target, 5, value6);
    }

    /// <summary>Packs seven values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
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
        var target = Claim(destination, offset, 7);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
        Put(target, 3, value4);
        Put(target, 4, value5);
        Put(target, 5, value6);
        Put(target, 6, value7);
    }

    /// <summary>Packs eight values into a buffer without boxing.</summary>
    /// <inheritdoc cref="PackInto{T1}(Span{byte}, int, T1)"/>
    public void PackInto<T1, T2, T3, T4, T5, T6, T7, T8>(
        Span<byte> destination, int offset, T1 value1, T2 value2, T3 value3, T4 value4, T5 value5, T6 value6, T7 value7, T8 value8)
        where T1 : allows ref struct
        where T2 : allows ref struct
        where T3 : allows ref struct
        where T4 : allows ref struct
        where T5 : allows ref struct
        where T6 : allows ref struct
        where T7 : allows ref struct
        where T8 : allows ref struct
    {
        var target = Claim(destination, offset, 8);
        Put(target, 0, value1);
        Put(target, 1, value2);
        Put(target, 2, value3);
        Put(target, 3, value4);
        Put(target, 4, value5);
        Put(target, 5, value6);
        Put(target, 6, value7);
        Put(target, 7, value8);
    }
}
