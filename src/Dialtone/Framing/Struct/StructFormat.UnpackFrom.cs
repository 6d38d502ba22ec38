namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, one item, without boxing; more may follow.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})" path="/typeparam"/>
    /// <param name="source">The buffer.</param>
    /// <param name="offset">Where the record begins, in bytes from the start of the buffer. Default 0.</param>
    /// <exception cref="StructException">
    /// Too few bytes from there on, the offset is outside the source, the format has another number of items, or one
    /// cannot be read as its type.
    /// </exception>
    public T1 UnpackFrom<T1>(ReadOnlySpan<byte> source, int offset = 0) => Unpack<T1>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, two items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2) UnpackFrom<T1, T2>(ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, three items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3) UnpackFrom<T1, T2, T3>(ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, four items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3, T4) UnpackFrom<T1, T2, T3, T4>(ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3, T4>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, five items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3, T4, T5) UnpackFrom<T1, T2, T3, T4, T5>(ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3, T4, T5>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, six items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3, T4, T5, T6) UnpackFrom<T1, T2, T3, T4, T5, T6>(ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3, T4, T5, T6>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, seven items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3, T4, T5, T6, T7) UnpackFrom<T1, T2, T3, T4, T5, T6, T7>(
        ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3, T4, T5, T6, T7>(From(source, offset));

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset, eight items, without boxing.</summary>
    /// <inheritdoc cref="UnpackFrom{T1}(ReadOnlySpan{byte}, int)"/>
    public (T1, T2, T3, T4, T5, T6, T7, T8) UnpackFrom<T1, T2, T3, T4, T5, T6, T7, T8>(
        ReadOnlySpan<byte> source, int offset = 0) =>
        Unpack<T1, T2, T3, T4, T5, T6, T7, T8>(From(source, offset));
}
