using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dialtone;

/// <summary>A compiled format of Python's <c>struct</c> module: values to bytes and back, as CPython does it.</summary>
/// <remarks>
/// Immutable and safe to share between threads: parse once, keep it, use it everywhere. Native sizes and alignment
/// (<c>@</c> or no prefix) are those of CPython on x86-64 Linux, on every machine. The codes stand in docs/struct.md.
/// <code>
/// var header = StructFormat.Parse("&lt;IHQ");
/// header.PackInto(buffer, 0, 1u, (ushort)2, 3UL);
/// var (id, kind, length) = header.Unpack&lt;uint, ushort, ulong&gt;(buffer);
/// </code>
/// </remarks>
public sealed partial class StructFormat
{
    private const int MostArguments = 8;

    private readonly StructField[] _fields;
    private readonly StructField[] _items;   // one per value; only for formats the generic overloads can serve
    private readonly ulong _shape;           // theirs, see StructShape; 0 when some value needs a closer look
    private readonly bool _reversed;         // the format's byte order is not this machine's
    private readonly bool _hasGaps;

    private StructFormat(string text)
    {
        var parser = new StructParser(text);
        Text = text;
        Size = parser.Size;
        ItemCount = parser.ItemCount;
        _fields = parser.Fields;
        _reversed = parser.BigEndian == BitConverter.IsLittleEndian;
        _hasGaps = _fields.Sum(field => (long)field.Size * field.Count) != Size;
        _items = ItemCount <= MostArguments
            ? [.. _fields.SelectMany(field => Enumerable.Range(0, field.Count), (field, i) => field[i])]
            : [];
        _shape = _hasGaps ? 0 : StructShape.Of(_items);
    }

    /// <summary>The format as it was given.</summary>
    public string Text { get; }

    /// <summary>The length of the packed bytes, padding included: Python's <c>calcsize</c>.</summary>
    public int Size { get; }

    /// <summary>How many values it takes. <c>x</c> takes none, <c>s</c> and <c>p</c> one each whatever their count.</summary>
    public int ItemCount { get; }

    /// <summary>Compiles a format.</summary>
    /// <exception cref="ArgumentNullException">There is no format.</exception>
    /// <exception cref="StructException">It is malformed or describes more bytes than a buffer can hold.</exception>
    public static StructFormat Parse(string format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return new StructFormat(format);
    }

    /// <summary>The format as it was given.</summary>
    public override string ToString() => Text;

    internal StructField FieldOf(int item)
    {
        foreach (var field in _fields)
        {
            if (item < field.Count)
                return field;
            item -= field.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(item));
    }

    // The bytes a record goes to; what stands between its items is zeroed, as CPython does.
    private Span<byte> Claim(Span<byte> destination, int offset, int values)
    {
        if (values != ItemCount)
            StructErrors.ThrowWrongItemCount(this, values);
        if (!Holds(destination, offset))
            StructErrors.ThrowWrongTarget(this, destination.Length, offset);

        var record = destination.Slice(offset, Size);
        if (_hasGaps)
            record.Clear();
        return record;
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
    private ReadOnlySpan<byte> From(ReadOnlySpan<byte> source, int offset)
    {
        if (!Holds(source, offset))
            StructErrors.ThrowWrongTarget(this, source.Length, offset);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref MemoryMarshal.GetReference(source), offset), Size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Holds(ReadOnlySpan<byte> buffer, int offset) =>
        (ulong)(uint)offset + (uint)Size <= (uint)buffer.Length;   // a negative offset becomes one past every end
}
