namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Steps through records of one item that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="Unpack{T1}(ReadOnlySpan{byte})" path="/typeparam"/>
    /// <param name="source">The records; their count times <see cref="Size"/> bytes.</param>
    /// <exception cref="StructException">The source is no multiple of <see cref="Size"/>, or that is 0.</exception>
    public StructRows<T1> IterUnpack<T1>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1>(record));

    /// <summary>Steps through records of two items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2)> IterUnpack<T1, T2>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2>(record));

    /// <summary>Steps through records of three items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3)> IterUnpack<T1, T2, T3>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3>(record));

    /// <summary>Steps through records of four items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3, T4)> IterUnpack<T1, T2, T3, T4>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3, T4>(record));

    /// <summary>Steps through records of five items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3, T4, T5)> IterUnpack<T1, T2, T3, T4, T5>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3, T4, T5>(record));

    /// <summary>Steps through records of six items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3, T4, T5, T6)> IterUnpack<T1, T2, T3, T4, T5, T6>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3, T4, T5, T6>(record));

    /// <summary>Steps through records of seven items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3, T4, T5, T6, T7)> IterUnpack<T1, T2, T3, T4, T5, T6, T7>(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3, T4, T5, T6, T7>(record));

    /// <summary>Steps through records of eight items that stand one behind the other, without boxing.</summary>
    /// <inheritdoc cref="IterUnpack{T1}(ReadOnlySpan{byte})"/>
    public StructRows<(T1, T2, T3, T4, T5, T6, T7, T8)> IterUnpack<T1, T2, T3, T4, T5, T6, T7, T8>(
        ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Unpack<T1, T2, T3, T4, T5, T6, T7, T8>(record));
}
