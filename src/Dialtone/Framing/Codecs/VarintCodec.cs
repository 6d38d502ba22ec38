using System.Buffers;

namespace Dialtone;

/// <summary>A length in LEB128 (seven bits a byte, lowest first), as Protocol Buffers write it, then the content.</summary>
internal sealed class VarintCodec : FrameCodec
{
    private const int MaxVarintBytes = 5;   // 35 bits, enough for the greatest maximum

    public VarintCodec(int maxFrameBytes)
        : base(maxFrameBytes) => MaxHeadBytes = MaxVarintBytes;

    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        int head = ReadLength(input, out int content);
        if (head == 0)
        {
            return NeedMore(ref progress, out frame, missing: 1);
        }

        long missing = head + (long)content - input.Length;
        return missing > 0
            ? NeedMore(ref progress, out frame, missing)
            : Whole(ref input, ref progress, out frame, head, content);
    }

    protected internal override int WriteHead(Span<byte> destination, int frameBytes)
    {
        var rest = (uint)frameBytes;
        int count = 0;
        while (rest >= 0x80)
        {
            destination[count++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        destination[count++] = (byte)rest;
        return count;
    }

    private int ReadLength(in ReadOnlySequence<byte> input, out int content)
    {
        ReadOnlySpan<byte> prefix = input.FirstSpan;
        if (prefix.Length >= MaxVarintBytes || input.IsSingleSegment)
        {
            return ReadLength(prefix, out content);
        }

        Span<byte> gathered = stackalloc byte[MaxVarintBytes];
        var count = (int)Math.Min(input.Length, MaxVarintBytes);
        input.Slice(0, count).CopyTo(gathered);
        return ReadLength(gathered[..count], out content);
    }

    /// <summary>The bytes the length takes, or 0 if it is not whole yet.</summary>
    private int ReadLength(ReadOnlySpan<byte> prefix, out int content)
    {
        content = 0;
        ulong length = 0;
        for (int i = 0; i < prefix.Length; i++)
        {
            byte part = prefix[i];
            length |= (ulong)(part & 0x7F) << (7 * i);

            // Every byte adds higher bits, so a length too large is refused before its last byte is here.
            if (length > (ulong)MaxFrameBytes)
            {
                throw part < 0x80 ? ProtocolException.TooLarge(length, MaxFrameBytes) : ProtocolException.TooLargeAlready(length, MaxFrameBytes);
            }

            if (part == 0 && i > 0)
            {
                throw new ProtocolException(
                    ProtocolError.NonMinimalLength, $"The length {length} is written in {i + 1} bytes; it needs fewer.");
            }

            if (part < 0x80)
            {
                content = (int)length;
                return i + 1;
            }

            if (i == MaxVarintBytes - 1)
            {
                throw new ProtocolException(
                    ProtocolError.FrameTooLarge,
                    $"The length takes more than {MaxVarintBytes} bytes; the maximum is {MaxFrameBytes}.");
            }
        }

        return 0;
    }
}
