using System.Buffers;

namespace Dialtone;

/// <summary>No framing: a frame is what has arrived, cut at the maximum.</summary>
internal sealed class RawCodec(int maxFrameBytes) : FrameCodec(maxFrameBytes)
{
    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame) =>
        input.IsEmpty
            ? NeedMore(ref progress, out frame, missing: 1)
            : Whole(ref input, ref progress, out frame, head: 0, Math.Min(input.Length, MaxFrameBytes));

    protected internal override int WriteHead(Span<byte> destination, int frameBytes) => 0;
}
