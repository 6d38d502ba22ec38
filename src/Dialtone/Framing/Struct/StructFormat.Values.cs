using System.Runtime.CompilerServices;

namespace Dialtone;

public sealed partial class StructFormat
{
    /// <summary>Packs values into a new array of <see cref="Size"/> bytes.</summary>
    /// <exception cref="StructException">A value too many, too few, of the wrong kind or out of range.</exception>
    public byte[] Pack(params ReadOnlySpan<StructValue> values)
    {
        if (values.Length != ItemCount)
            StructErrors.ThrowWrongItemCount(this, values.Length);

        byte[] packed = new byte[Size];
        PackInto(packed, 0, values);
        return packed;
    }

    /// <summary>Packs values into a buffer. Up to eight need no brackets; nothing is allocated.</summary>
    /// <param name="destination">The buffer; bytes outside the record are left alone.</param>
    /// <param name="offset">Where the record begins, in bytes from the start of the buffer.</param>
    /// <param name="values">One value per item.</param>
    /// <exception cref="StructException">
    /// The buffer is too short, or a value too many, too few, of the wrong kind or out of range. The bytes of the
    /// record may then be half written.
    /// </exception>
    [OverloadResolutionPriority(1)]   // or an array of values would be taken for one value of a generic overload
    public void PackInto(Span<byte> destination, int offset, ReadOnlySpan<StructValue> values)
    {
        var target = Claim(destination, offset, values.Length);
        int next = 0;
        foreach (ref readonly var field in _fields.AsSpan())
        {
            for (int i = 0; i < field.Count; i++, next++)
            {
                var place = target.Slice(field.Offset + i * field.Size, field.Size);
                if (StructEncoder.Encode(field.Type, place, _reversed, values[next]) is { } error)
                    throw StructErrors.Refused(this, field, next, error, StructErrors.Describe(values[next]));
            }
        }
    }

    /// <summary>Unpacks exactly <see cref="Size"/> bytes.</summary>
    /// <exception cref="StructException">The source is shorter or longer.</exception>
    public StructValue[] Unpack(ReadOnlySpan<byte> source)
    {
        return Read(Claim(source, ItemCount));
    }

    /// <summary>Unpacks the <see cref="Size"/> bytes at an offset; more may follow.</summary>
    /// <exception cref="StructException">Too few bytes from there on, or the offset is outside the source.</exception>
    public StructValue[] UnpackFrom(ReadOnlySpan<byte> source, int offset = 0) => Read(From(source, offset));

    /// <summary>Steps through records that stand one behind the other.</summary>
    /// <exception cref="StructException">The source is no multiple of <see cref="Size"/>, or that is 0.</exception>
    public StructRows<StructValue[]> IterUnpack(ReadOnlySpan<byte> source) =>
        new(this, source, static (format, record) => format.Read(record));

    private StructValue[] Read(ReadOnlySpan<byte> source)
    {
        var values = new StructValue[ItemCount];
        int next = 0;
        foreach (ref readonly var field in _fields.AsSpan())
        {
            for (int i = 0; i < field.Count; i++)
            {
                var bytes = source.Slice(field.Offset + i * field.Size, field.Size);
                values[next++] = StructDecoder.Decode(field.Type, bytes, _reversed);
            }
        }

        return values;
    }
}
