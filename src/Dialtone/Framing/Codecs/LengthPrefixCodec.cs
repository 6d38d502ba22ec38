using System.Buffers;
using System.Buffers.Binary;

namespace Dialtone;

/// <summary>An integer of fixed size says how long the content behind it is.</summary>
internal sealed class LengthPrefixCodec : FrameCodec
{
    private const int DefaultMaxBytes = 1024 * 1024;

    private readonly int _size;
    private readonly bool _bigEndian;
    private readonly bool _signed;
    private readonly int _counted;   // bytes of the length that the length itself counts

    public LengthPrefixCodec(LengthPrefixOptions options)
        : base(options.MaxFrameBytes ?? (int)Math.Min(DefaultMaxBytes, options.LargestSayable))
    {
        if (MaxFrameBytes > options.LargestSayable)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), MaxFrameBytes, $"The prefix can say at most {options.LargestSayable} bytes.");
        }

        MaxHeadBytes = _size = options.Size;
        _bigEndian = options.Order is ByteOrder.BigEndian;
        _signed = options.Signed;
        _counted = options.CountsItself ? options.Size : 0;
    }

    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        if (TryMeasure(input.FirstSpan, out int head, out int content))
        {
            return Whole(ref input, ref progress, out frame, head, content);
        }

        return ReadAcrossSegments(ref input, ref progress, out frame);
    }

    internal override bool TryMeasure(ReadOnlySpan<byte> input, out int head, out int content)
    {
        head = _size;
        content = 0;
        if (input.Length < head)
        {
            return false;
        }

        content = ReadLength(input);
        return content <= input.Length - head;
    }

    private FrameStatus ReadAcrossSegments(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        long available = input.Length;
        if (available < _size)
        {
            return NeedMore(ref progress, out frame, _size - available);
        }

        Span<byte> prefix = stackalloc byte[8];
        input.Slice(0, _size).CopyTo(prefix);
        int content = ReadLength(prefix);
        long missing = _size + (long)content - available;
        return missing > 0
            ? NeedMore(ref progress, out frame, missing)
            : Whole(ref input, ref progress, out frame, _size, content);
    }

    protected internal override int WriteHead(Span<byte> destination, int frameBytes)
    {
        long length = (long)frameBytes + _counted;
        switch (_size)
        {
            case 1:
                destination[0] = (byte)length;
                break;
            case 2 when _bigEndian:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)length);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)length);
                break;
            case 4 when _bigEndian:
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)length);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)length);
                break;
            case 8 when _bigEndian:
                BinaryPrimitives.WriteInt64BigEndian(destination, length);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(destination, length);
                break;
        }

        return _size;
    }

    /// <summary>The content's length, already known to be from 0 to the maximum.</summary>
    private int ReadLength(ReadOnlySpan<byte> prefix)
    {
        ulong length = _size switch
        {
            1 => prefix[0],
            2 => _bigEndian
                ? BinaryPrimitives.ReadUInt16BigEndian(prefix)
                : BinaryPrimitives.ReadUInt16LittleEndian(prefix),
            4 => _bigEndian
                ? BinaryPrimitives.ReadUInt32BigEndian(prefix)
                : BinaryPrimitives.ReadUInt32LittleEndian(prefix),
            _ => _bigEndian
                ? BinaryPrimitives.ReadUInt64BigEndian(prefix)
                : BinaryPrimitives.ReadUInt64LittleEndian(prefix),
        };

        if (_signed)
        {
            int unused = 64 - (8 * _size);
            long signed = (long)(length << unused) >> unused;
            if (signed < 0)
            {
                throw ProtocolException.Negative(signed);
            }
        }

        if (length < (ulong)_counted)
        {
            throw ProtocolException.TooSmall(length, _counted);
        }

        ulong content = length - (ulong)_counted;
        return content > (ulong)MaxFrameBytes
            ? throw ProtocolException.TooLarge(content, MaxFrameBytes)
            : (int)content;
    }
}
