using System.Buffers;

namespace Dialtone;

/// <summary>
/// How messages are told apart in a stream of bytes. A codec is pure: bytes in, frames out; it holds no state and does
/// no I/O, so one instance serves every connection at once. <see cref="Framing"/> makes the usual ones.
/// </summary>
/// <remarks>
/// A codec of your own overrides <see cref="Read(ref ReadOnlySequence{byte}, ref FrameProgress, out ReadOnlySequence{byte})"/>
/// and <see cref="WriteHead"/>. It must check a declared length against <see cref="MaxFrameBytes"/> before it asks for
/// the bytes: what it asks for, the connection buffers.
/// </remarks>
public abstract class FrameCodec
{
    private const int OneSpanBytes = 16 * 1024;   // larger frames are copied in pieces, not into one block

    /// <summary>A codec for frames of at most <paramref name="maxFrameBytes"/> bytes.</summary>
    /// <param name="maxFrameBytes">Bytes of content, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is less than 1.</exception>
    protected FrameCodec(int maxFrameBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrameBytes, 1);
        MaxFrameBytes = maxFrameBytes;
    }

    /// <summary>The longest content of a frame, in bytes, read or written.</summary>
    public int MaxFrameBytes { get; }

    /// <summary>Looks for a frame at the start of <paramref name="input"/>.</summary>
    /// <param name="input">Advanced past the frame if it is whole, otherwise untouched.</param>
    /// <param name="frame">The frame's content, a slice of the input; empty unless whole.</param>
    /// <param name="missing">At least how many more bytes are needed; 0 if the frame is whole.</param>
    /// <exception cref="ProtocolException">The bytes cannot be a frame of this codec.</exception>
    public FrameStatus Read(ref ReadOnlySequence<byte> input, out ReadOnlySequence<byte> frame, out long missing)
    {
        var progress = default(FrameProgress);
        FrameStatus status = Read(ref input, ref progress, out frame);
        missing = progress.Missing;
        return status;
    }

    /// <summary>Looks for a frame at the start of <paramref name="input"/>, going on where an earlier look ended.</summary>
    /// <param name="input">Advanced past the frame if it is whole, otherwise untouched.</param>
    /// <param name="progress">From the last look at the same start of input; default for a new frame.</param>
    /// <param name="frame">The frame's content, a slice of the input; empty unless whole.</param>
    /// <exception cref="ProtocolException">The bytes cannot be a frame of this codec.</exception>
    public abstract FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame);

    /// <summary>Writes one frame.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(output);
        Check(frame);
        if (frame.Length > OneSpanBytes)
        {
            WriteHeadTo(output, frame.Length);
            output.Write(frame);
            output.Write(Tail.Span);
        }
        else if (output is OutputWriter connection)
        {
            WriteWhole(new Direct(connection), frame);
        }
        else
        {
            WriteWhole(output, frame);
        }
    }

    /// <summary>Writes one frame, given in pieces.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    public void Write(IBufferWriter<byte> output, in ReadOnlySequence<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (frame.IsSingleSegment)
        {
            Write(output, frame.FirstSpan);
            return;
        }

        if (ChecksContent)
        {
            CheckLength(frame.Length);
            WriteGathered(output, frame);
            return;
        }

        CheckLength(frame.Length);
        WriteHeadTo(output, (int)frame.Length);
        foreach (ReadOnlyMemory<byte> piece in frame)
        {
            output.Write(piece.Span);
        }

        output.Write(Tail.Span);
    }

    /// <summary>The shortest content of a frame, in bytes. Default 0.</summary>
    protected internal int MinFrameBytes { get; protected init; }

    /// <summary>The most bytes <see cref="WriteHead"/> writes. Default 0.</summary>
    protected internal int MaxHeadBytes { get; protected init; }

    /// <summary>What stands after a frame's content. Default nothing.</summary>
    protected internal ReadOnlyMemory<byte> Tail { get; protected init; }

    /// <summary>Whether some contents cannot be written, and <see cref="CheckContent"/> is asked. Default false.</summary>
    protected internal bool ChecksContent { get; protected init; }

    /// <summary>Writes what stands before a frame's content.</summary>
    /// <param name="destination">At least <see cref="MaxHeadBytes"/> long.</param>
    /// <param name="frameBytes">The content's length, checked before.</param>
    /// <returns>How many bytes were written.</returns>
    protected internal abstract int WriteHead(Span<byte> destination, int frameBytes);

    /// <summary>Refuses content this codec cannot carry, such as a delimiter inside. The base carries everything.</summary>
    /// <exception cref="ProtocolException">The content is refused.</exception>
    protected internal virtual void CheckContent(ReadOnlySpan<byte> frame)
    {
    }

    /// <summary>Measures the frame at the start of <paramref name="input"/> if it is whole there; the short way for frames that arrived in one piece.</summary>
    /// <returns>False if more bytes are needed, or this codec has no short way: <see cref="Read(ref ReadOnlySequence{byte}, ref FrameProgress, out ReadOnlySequence{byte})"/> tells which.</returns>
    /// <exception cref="ProtocolException">The bytes cannot be a frame of this codec.</exception>
    internal virtual bool TryMeasure(ReadOnlySpan<byte> input, out int head, out int content)
    {
        head = content = 0;
        return false;
    }

    /// <summary>Hands over a whole frame and moves the input behind it.</summary>
    private protected static FrameStatus Whole(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame,
        long head, long content, long tail = 0)
    {
        progress = default;
        SequencePosition start = input.Start;
        long bytes = head + content + tail;
        if (start.GetObject() is ReadOnlySequenceSegment<byte> first && bytes <= first.Memory.Length - start.GetInteger())
        {
            // The usual case, a frame within the first segment, without the cost of slicing twice.
            SequencePosition end = input.End;
            int at = start.GetInteger() + (int)head;
            frame = new ReadOnlySequence<byte>(first, at, first, at + (int)content);
            input = new ReadOnlySequence<byte>(
                first, start.GetInteger() + (int)bytes, (ReadOnlySequenceSegment<byte>)end.GetObject()!, end.GetInteger());
            return FrameStatus.Whole;
        }

        frame = input.Slice(head, content);
        input = input.Slice(bytes);
        return FrameStatus.Whole;
    }

    /// <summary>Says how many bytes at least are missing, and how many need no second look.</summary>
    private protected static FrameStatus NeedMore(
        ref FrameProgress progress, out ReadOnlySequence<byte> frame, long missing, long examined = 0)
    {
        frame = default;
        progress.Missing = missing;
        progress.Examined = examined;
        return FrameStatus.NeedMore;
    }

    internal void WriteHeadTo(IBufferWriter<byte> output, int frameBytes)
    {
        if (MaxHeadBytes > 0)
        {
            output.Advance(WriteHead(output.GetSpan(MaxHeadBytes), frameBytes));
        }
    }

    /// <summary>Refuses what <see cref="Write(IBufferWriter{byte}, ReadOnlySpan{byte})"/> would refuse.</summary>
    internal void Check(ReadOnlySpan<byte> frame)
    {
        CheckLength(frame.Length);
        if (ChecksContent)
        {
            CheckContent(frame);
        }
    }

    private void WriteWhole<TWriter>(TWriter output, ReadOnlySpan<byte> frame)
        where TWriter : IBufferWriter<byte>
    {
        Span<byte> span = output.GetSpan(MaxHeadBytes + frame.Length + Tail.Length);
        int written = WriteHead(span, frame.Length);
        frame.CopyTo(span[written..]);
        written += frame.Length;
        if (Tail.Length > 0)
        {
            Tail.Span.CopyTo(span[written..]);
            written += Tail.Length;
        }

        output.Advance(written);
    }

    private void CheckLength(long frameBytes)
    {
        if (frameBytes > MaxFrameBytes || frameBytes < MinFrameBytes)
        {
            throw MinFrameBytes == MaxFrameBytes
                ? ProtocolException.Wrong(frameBytes, MaxFrameBytes)
                : ProtocolException.TooLarge((ulong)frameBytes, MaxFrameBytes);
        }
    }

    private void WriteGathered(IBufferWriter<byte> output, in ReadOnlySequence<byte> frame)
    {
        var length = (int)frame.Length;
        byte[] whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            frame.CopyTo(whole);
            Write(output, whole.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    /// <summary>A connection's output, which the code made for this type calls directly: a call through an interface costs as much as copying a small frame.</summary>
    private readonly struct Direct(OutputWriter output) : IBufferWriter<byte>
    {
        public void Advance(int count) => output.Advance(count);

        public Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);
    }
}
