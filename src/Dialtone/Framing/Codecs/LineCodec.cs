using System.Buffers;

namespace Dialtone;

/// <summary>Lines ended by LF or CRLF; the ending is not part of the line.</summary>
internal sealed class LineCodec : FrameCodec
{
    public LineCodec(int maxFrameBytes, LineEnding ending)
        : base(maxFrameBytes)
    {
        Tail = BytesOf(ending).ToArray();
        ChecksContent = true;
    }

    internal static ReadOnlySpan<byte> BytesOf(LineEnding ending) => ending is LineEnding.CrLf ? "\r\n"u8 : "\n"u8;

    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        long at = Find(input, progress.Examined);
        if (at >= 0)
        {
            bool withReturn = at > 0 && ByteAt(input, at - 1) == '\r';
            long content = withReturn ? at - 1 : at;
            return content > MaxFrameBytes
                ? throw ProtocolException.TooLarge((ulong)content, MaxFrameBytes)
                : Whole(ref input, ref progress, out frame, head: 0, content, withReturn ? 2 : 1);
        }

        long scanned = input.Length;
        return scanned >= (long)MaxFrameBytes + 2
            ? throw ProtocolException.Unended(scanned, MaxFrameBytes)
            : NeedMore(ref progress, out frame, missing: 1, scanned);
    }

    protected internal override int WriteHead(Span<byte> destination, int frameBytes) => 0;

    protected internal override void CheckContent(ReadOnlySpan<byte> frame)
    {
        if (frame.Contains((byte)'\n') || frame is [.., (byte)'\r'])
        {
            throw NotOneLine();
        }
    }

    internal static ProtocolException NotOneLine() =>
        new(ProtocolError.DelimiterInFrame, "A line cannot contain a line feed or end in a carriage return.");

    private static long Find(in ReadOnlySequence<byte> input, long start)
    {
        if (input.IsSingleSegment)
        {
            int at = input.FirstSpan[(int)start..].IndexOf((byte)'\n');
            return at < 0 ? -1 : start + at;
        }

        var reader = new SequenceReader<byte>(input.Slice(start));
        return reader.TryAdvanceTo((byte)'\n', advancePastDelimiter: false) ? start + reader.Consumed : -1;
    }

    private static byte ByteAt(in ReadOnlySequence<byte> input, long index) =>
        index < input.FirstSpan.Length ? input.FirstSpan[(int)index] : input.Slice(index, 1).FirstSpan[0];
}
