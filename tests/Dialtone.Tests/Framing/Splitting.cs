using System.Buffers;

namespace Dialtone.Tests;

/// <summary>Feeds a codec the way a network does: the same bytes, cut anywhere.</summary>
internal static class Splitting
{
    /// <summary>What came out: frames, then the error that ended it, if one did, and the bytes left over.</summary>
    public sealed record Outcome(IReadOnlyList<string> Frames, ProtocolError? Error, int Left, string? Message = null)
    {
        public override string ToString() => $"[{string.Join(' ', Frames)}] {Error} {Left}";
    }

    /// <summary>Cuts <paramref name="stream"/> at the given places; each piece is one arrival and one segment.</summary>
    public static Outcome Decode(FrameCodec codec, byte[] stream, params IEnumerable<int> cuts)
    {
        var frames = new List<string>();
        var progress = default(FrameProgress);
        int consumed = 0;
        var ends = new List<int>();
        foreach (int end in cuts.Append(stream.Length))
        {
            ends.Add(end);
            var input = Sequence(stream, consumed, ends);
            try
            {
                while (true)
                {
                    long before = input.Length;
                    FrameStatus status = codec.Read(ref input, ref progress, out ReadOnlySequence<byte> frame);
                    if (status is FrameStatus.NeedMore)
                    {
                        Assert.True(progress.Missing > 0, "more is needed, but nothing is missing");
                        Assert.True(progress.Examined <= input.Length);
                        Assert.Equal(before, input.Length);
                        break;
                    }

                    Assert.Equal(0, progress.Missing);
                    Assert.True(frame.Length <= codec.MaxFrameBytes);
                    frames.Add(Convert.ToHexString(frame.ToArray()));
                }
            }
            catch (ProtocolException e)
            {
                return new Outcome(frames, e.Reason, 0, e.Message);
            }

            consumed = end - (int)input.Length;
        }

        return new Outcome(frames, null, stream.Length - consumed);
    }

    /// <summary>Every way to cut a stream in pieces: 2^(n-1) of them.</summary>
    public static IEnumerable<int[]> EverySplit(int length) =>
        from mask in Enumerable.Range(0, 1 << (length - 1))
        select Enumerable.Range(1, length - 1).Where(i => (mask & (1 << (i - 1))) != 0).ToArray();

    public static int[] RandomSplit(Random random, int length) =>
        [.. Enumerable.Range(0, random.Next(0, 12)).Select(_ => random.Next(0, length + 1)).Order()];

    public static IEnumerable<int> ByteByByte(int length) => Enumerable.Range(1, Math.Max(0, length - 1));

    /// <summary>The bytes from <paramref name="start"/>, in segments that end at <paramref name="ends"/>.</summary>
    public static ReadOnlySequence<byte> Sequence(byte[] bytes, int start, IEnumerable<int> ends)
    {
        Segment? first = null;
        Segment? last = null;
        foreach (int end in ends)
        {
            if (end > start || first is null)
            {
                var memory = bytes.AsMemory(Math.Min(start, end), Math.Max(0, end - start));
                last = last is null ? first = new Segment(memory) : last.Append(memory);
                start = Math.Max(start, end);
            }
        }

        return first is null
            ? ReadOnlySequence<byte>.Empty
            : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    public static ReadOnlySequence<byte> Sequence(byte[] bytes, params int[] cuts) =>
        Sequence(bytes, 0, cuts.Append(bytes.Length));

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
