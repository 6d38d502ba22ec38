using System.Buffers;

namespace Dialtone;

/// <summary>Frames ended by a fixed run of bytes, which no frame may contain.</summary>
internal sealed class DelimiterCodec : FrameCodec
{
    public const int MaxDelimiterBytes = 64;

    private readonly byte[] _delimiter;

    public DelimiterCodec(ReadOnlySpan<byte> delimiter, int maxFrameBytes)
        : base(maxFrameBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(delimiter.Length, nameof(delimiter));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delimiter.Length, MaxDelimiterBytes, nameof(delimiter));
        _delimiter = delimiter.ToArray();
        Tail = _delimiter;
        ChecksContent = true;
    }

    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        long at = Find(input, progress.Examined);
        if (at > MaxFrameBytes)
        {
            throw ProtocolException.TooLarge((ulong)at, MaxFrameBytes);
        }

        if (at >= 0)
        {
            return Whole(ref input, ref progress, out frame, head: 0, at, _delimiter.Length);
        }

        long scanned = input.Length;
        if (scanned >= (long)MaxFrameBytes + _delimiter.Length)
        {
            throw ProtocolException.Unended(scanned, MaxFrameBytes);
        }

        // The last bytes may be the beginning of the delimiter.
        return NeedMore(ref progress, out frame, missing: 1, Math.Max(0, scanned - (_delimiter.Length - 1)));
    }

    protected internal override int WriteHead(Span<byte> destination, int frameBytes) => 0;

    protected internal override void CheckContent(ReadOnlySpan<byte> frame)
    {
        if (frame.IndexOf(_delimiter) >= 0 || EndsEarly(frame))
        {
            throw new ProtocolException(
                ProtocolError.DelimiterInFrame, "The frame contains its own delimiter and would arrive as two.");
        }
    }

    /// <summary>Whether the frame's last bytes and the delimiter's first ones together are the delimiter.</summary>
    private bool EndsEarly(ReadOnlySpan<byte> frame)
    {
        int overlap = Math.Min(_delimiter.Length - 1, frame.Length);
        Span<byte> end = stackalloc byte[2 * MaxDelimiterBytes];
        frame[^overlap..].CopyTo(end);
        _delimiter.CopyTo(end[overlap..]);
        return end[..(overlap + _delimiter.Length)].IndexOf(_delimiter) < overlap;
    }

    private long Find(in ReadOnlySequence<byte> input, long start)
    {
        if (input.IsSingleSegment)
        {
            int at = input.FirstSpan[(int)start..].IndexOf(_delimiter);
            return at < 0 ? -1 : start + at;
        }

        var reader = new SequenceReader<byte>(input.Slice(start));
        return reader.TryReadTo(out ReadOnlySequence<byte> before, _delimiter) ? start + before.Length : -1;
    }
}
