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
    private readonly ulong _types;           // their types, a byte each, the first in the lowest
    private readonly bool _bigEndian;
    private readonly bool _reversed;         // the format's byte order is not this machine's
    private readonly bool _hasGaps;

    private StructFormat(string text)
    {
        var parser = new StructParser(text);
        Text = text;
        Size = parser.Size;
        ItemCount = parser.ItemCount;
        _fields = parser.Fields;
        _bigEndian = parser.BigEndian;
        _reversed = parser.BigEndian == BitConverter.IsLittleEndian;
        _hasGaps = _fields.Sum(field => (long)field.Size * field.Count) != Size;
        _items = ItemCount <= MostArguments
            ? [.. _fields.SelectMany(field => Enumerable.Range(0, field.Count), (field, i) => field[i])]
            : [];
        for (int i = 0; i < _items.Length; i++)
            _types |= (ulong)Exact(_items[i].Type) << (8 * i);
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

    // The type whose bits a .NET value has already; what needs a look at the value has none.
    private static StructType Exact(StructType type) => type switch
    {
        StructType.NativeSingle => StructType.Single,
        StructType.Pointer => StructType.UInt64,
        <= StructType.Double => type,
        _ => (StructType)byte.MaxValue,
    };

    // The bytes a record goes to: checked once, so that what follows needs no checks of its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Claim(Span<byte> destination, int offset, int values)
    {
        if (values != ItemCount)
            StructErrors.ThrowWrongItemCount(this, values);
        if ((uint)offset > (uint)destination.Length || destination.Length - offset < Size)
            StructErrors.ThrowWrongTarget(this, destination.Length, offset);

        var target = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), offset), Size);
        if (_hasGaps)
            target.Clear();
        return target;
    }

    private ReadOnlySpan<byte> From(ReadOnlySpan<byte> source, int offset)
    {
        if ((uint)offset > (uint)source.Length || source.Length - offset < Size)
            StructErrors.ThrowWrongTarget(this, source.Length, offset);
        return source.Slice(offset, Size);
    }

    private void RequireExactly(ReadOnlySpan<byte> source)
    {
        if (source.Length != Size)
            StructErrors.ThrowWrongLength(this, source.Length);
    }
}
