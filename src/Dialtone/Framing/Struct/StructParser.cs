namespace Dialtone;

// format = [ "@" | "=" | "<" | ">" | "!" ] *( space / [ count ] code )        (docs/struct.md)
// No space before the prefix, none between a count and its code.
internal sealed class StructParser
{
    private readonly string _text;
    private readonly bool _native;
    private readonly List<StructField> _fields = [];
    private long _size;
    private long _items;

    public StructParser(string text)
    {
        _text = text;
        char prefix = text.Length > 0 ? text[0] : '@';
        bool prefixed = prefix is '@' or '=' or '<' or '>' or '!';
        _native = !prefixed || prefix is '@';
        BigEndian = prefix is '>' or '!';
        Parse(prefixed ? 1 : 0);
    }

    public bool BigEndian { get; }

    public StructField[] Fields => [.. _fields];

    public int Size => (int)_size;

    public int ItemCount => (int)_items;

    private void Parse(int at)
    {
        while (at < _text.Length)
        {
            if (_text[at] is ' ' or (>= '\t' and <= '\r'))
            {
                at++;
                continue;
            }

            long? count = ReadCount(ref at);
            if (at == _text.Length)
                throw StructErrors.CountWithoutCode(_text, at - 1);
            Add(_text[at], at, count ?? 1);
            at++;
        }
    }

    private long? ReadCount(ref int at)
    {
        int start = at;
        long count = 0;
        for (; at < _text.Length && char.IsAsciiDigit(_text[at]); at++)
        {
            count = count * 10 + (_text[at] - '0');
            if (count > int.MaxValue)
                throw StructErrors.TooLarge(_text, start);
        }

        return at > start ? count : null;
    }

    private void Add(char code, int position, long count)
    {
        var (type, size) = Describe(code, position);
        if (_native)
            _size = (_size + size - 1) / size * size;

        int offset = (int)long.Min(_size, int.MaxValue);
        _size += size * count;
        if (_size > Array.MaxLength)
            throw StructErrors.TooLarge(_text, position);

        switch (type)
        {
            case StructType.Pad:
                break;
            case StructType.Bytes or StructType.Pascal:
                _fields.Add(new(type, code, position, offset, (int)count, 1));
                _items++;
                break;
            default:
                if (count > 0)
                    _fields.Add(new(type, code, position, offset, size, (int)count));
                _items += count;
                break;
        }
    }

    // Sizes as CPython has them: the standard ones, and the native ones of x86-64 Linux, which are also the alignment.
    private (StructType Type, int Size) Describe(char code, int position) => code switch
    {
        'x' => (StructType.Pad, 1),
        'c' => (StructType.Char, 1),
        's' => (StructType.Bytes, 1),
        'p' => (StructType.Pascal, 1),
        '?' => (StructType.Boolean, 1),
        'b' => (StructType.Int8, 1),
        'B' => (StructType.UInt8, 1),
        'h' => (StructType.Int16, 2),
        'H' => (StructType.UInt16, 2),
        'i' => (StructType.Int32, 4),
        'I' => (StructType.UInt32, 4),
        'l' => _native ? (StructType.Int64, 8) : (StructType.Int32, 4),
        'L' => _native ? (StructType.UInt64, 8) : (StructType.UInt32, 4),
        'q' => (StructType.Int64, 8),
        'Q' => (StructType.UInt64, 8),
        'e' => (StructType.Half, 2),
        'f' => (_native ? StructType.NativeSingle : StructType.Single, 4),
        'd' => (StructType.Double, 8),
        'n' when _native => (StructType.Int64, 8),
        'N' when _native => (StructType.UInt64, 8),
        'P' when _native => (StructType.Pointer, 8),
        'n' or 'N' or 'P' => throw StructErrors.NativeOnly(_text, position),
        _ => throw StructErrors.BadCharacter(_text, position),
    };
}
