namespace Dialtone;

/// <summary>The records of a buffer, one after the other: what <c>IterUnpack</c> gives <c>foreach</c>.</summary>
/// <typeparam name="TRow">An array of values, one typed value, or a tuple of them.</typeparam>
public ref struct StructRows<TRow>
{
    private readonly StructFormat _format;
    private readonly Reader _read;
    private ReadOnlySpan<byte> _rest;

    internal StructRows(StructFormat format, ReadOnlySpan<byte> source, Reader read)
    {
        if (format.Size == 0)
            throw StructErrors.EmptyRecord(format);
        if (source.Length % format.Size != 0)
            throw StructErrors.NotAMultiple(format, source.Length);

        _format = format;
        _read = read;
        _rest = source;
        Current = default!;
    }

    internal delegate TRow Reader(StructFormat format, ReadOnlySpan<byte> record);

    /// <summary>The record of the last <see cref="MoveNext"/> that returned true.</summary>
    public TRow Current { get; private set; }

    /// <summary>Unpacks the next record.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="StructException">A value does not fit the type it is read as.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
            return false;
        Current = _read(_format, _rest[.._format.Size]);
        _rest = _rest[_format.Size..];
        return true;
    }

    /// <summary>Lets <c>foreach</c> step through the records.</summary>
    public readonly StructRows<TRow> GetEnumerator() => this;
}
