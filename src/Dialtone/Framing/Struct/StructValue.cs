using System.Globalization;
using System.Text;

namespace Dialtone;

/// <summary>One value of a <see cref="StructFormat"/>: an integer, a float, a boolean or bytes, never boxed.</summary>
/// <remarks>
/// Numbers, booleans and bytes convert to it implicitly, so values are passed as they are:
/// <c>format.Pack(1, 2.5, true, "GET"u8)</c>. Equal integers are equal whatever type they came from.
/// </remarks>
public readonly struct StructValue : IEquatable<StructValue>
{
    private readonly ulong _bits;   // an integer in two's complement, a double's bits, or 0 and 1
    private readonly bool _negative;
    private readonly ReadOnlyMemory<byte> _bytes;

    private StructValue(StructValueKind kind, ulong bits, bool negative = false, ReadOnlyMemory<byte> bytes = default)
    {
        Kind = kind;
        _bits = bits;
        _negative = negative;
        _bytes = bytes;
    }

    /// <summary>What the value holds.</summary>
    public StructValueKind Kind { get; }

    internal bool IsNegative => _negative;

    internal ulong Bits => _bits;

    internal ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>Takes the UTF-8 bytes of a text, for <c>s</c>, <c>p</c> and <c>c</c>.</summary>
    /// <exception cref="ArgumentNullException">There is no text.</exception>
    public static StructValue Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The integer.</summary>
    /// <exception cref="StructException">Not an integer, or above 2⁶³ − 1.</exception>
    public long AsInt64() => (long)Integer(long.MinValue, long.MaxValue);

    /// <summary>The integer.</summary>
    /// <exception cref="StructException">Not an integer, or negative.</exception>
    public ulong AsUInt64() => (ulong)Integer(ulong.MinValue, ulong.MaxValue);

    /// <summary>The float, or an integer widened to one as C# does.</summary>
    /// <exception cref="StructException">Neither a float nor an integer.</exception>
    public double AsDouble() => Kind switch
    {
        StructValueKind.Float => BitConverter.UInt64BitsToDouble(_bits),
        StructValueKind.Integer => _negative ? (long)_bits : _bits,
        _ => throw NotA("float"),
    };

    /// <summary>The boolean.</summary>
    /// <exception cref="StructException">Not a boolean.</exception>
    public bool AsBoolean() => Kind is StructValueKind.Boolean ? _bits != 0 : throw NotA("boolean");

    /// <summary>The bytes.</summary>
    /// <exception cref="StructException">Not bytes.</exception>
    public ReadOnlyMemory<byte> AsBytes() => Kind is StructValueKind.Bytes ? _bytes : throw NotA("run of bytes");

    /// <summary>The bytes as UTF-8, without the NULs that pad an <c>s</c> field at its end.</summary>
    /// <exception cref="StructException">Not bytes.</exception>
    public string AsText() => Encoding.UTF8.GetString(AsBytes().Span.TrimEnd((byte)0));

    /// <inheritdoc/>
    public bool Equals(StructValue other) => Kind == other.Kind && Kind switch
    {
        StructValueKind.Bytes => Span.SequenceEqual(other.Span),
        StructValueKind.Float => AsDouble().Equals(other.AsDouble()),
        _ => _bits == other._bits && _negative == other._negative,
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StructValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (Kind is StructValueKind.Float)
            return AsDouble().GetHashCode();

        var hash = new HashCode();
        hash.Add(Kind);
        hash.Add(_bits);
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>The value as one would type it: <c>-5</c>, <c>2.5</c>, <c>true</c>, <c>'ab\x00'</c>.</summary>
    public override string ToString() => Kind switch
    {
        StructValueKind.Integer when _negative => ((long)_bits).ToString(CultureInfo.InvariantCulture),
        StructValueKind.Integer => _bits.ToString(CultureInfo.InvariantCulture),
        StructValueKind.Float => StructText.Print(AsDouble()),
        StructValueKind.Boolean => _bits != 0 ? "true" : "false",
        _ => StructText.Print(Span),
    };

    /// <summary>Whether two values are of one kind and equal.</summary>
    public static bool operator ==(StructValue left, StructValue right) => left.Equals(right);

    /// <summary>Whether two values differ in kind or content.</summary>
    public static bool operator !=(StructValue left, StructValue right) => !left.Equals(right);

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(sbyte value) => (long)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(byte value) => (ulong)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(short value) => (long)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(ushort value) => (ulong)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(int value) => (long)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(uint value) => (ulong)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(long value) => new(StructValueKind.Integer, (ulong)value, value < 0);

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(ulong value) => new(StructValueKind.Integer, value);

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(nint value) => (long)value;

    /// <summary>Takes an integer.</summary>
    public static implicit operator StructValue(nuint value) => (ulong)value;

    /// <summary>Takes a boolean.</summary>
    public static implicit operator StructValue(bool value) => new(StructValueKind.Boolean, value ? 1u : 0u);

    /// <summary>Takes a float.</summary>
    public static implicit operator StructValue(Half value) => (double)value;

    /// <summary>Takes a float.</summary>
    public static implicit operator StructValue(float value) => (double)value;

    /// <summary>Takes a float.</summary>
    public static implicit operator StructValue(double value) =>
        new(StructValueKind.Float, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Takes bytes without copying them.</summary>
    /// <exception cref="ArgumentNullException">There is no array.</exception>
    public static implicit operator StructValue(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new(StructValueKind.Bytes, 0, bytes: value);
    }

    /// <summary>Takes bytes without copying them.</summary>
    public static implicit operator StructValue(ReadOnlyMemory<byte> value) =>
        new(StructValueKind.Bytes, 0, bytes: value);

    /// <summary>Takes a copy of bytes.</summary>
    public static implicit operator StructValue(ReadOnlySpan<byte> value) => value.ToArray();

    internal bool TryGetInteger(out Int128 integer)
    {
        integer = _negative ? (long)_bits : _bits;
        return Kind is StructValueKind.Integer;
    }

    private Int128 Integer(Int128 least, Int128 most)
    {
        if (!TryGetInteger(out Int128 integer))
            throw NotA("integer");
        return integer >= least && integer <= most
            ? integer
            : throw new StructException(StructError.OutOfRange, $"{integer} is outside the range {least} to {most}.");
    }

    private StructException NotA(string wanted) =>
        new(StructError.WrongType,
            $"The value is {StructErrors.Describe(Kind)}, not {StructErrors.WithArticle(wanted)}.");
}
