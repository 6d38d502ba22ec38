using System.Buffers;

namespace Dialtone;

/// <summary>Frames of one length, with nothing between them.</summary>
internal sealed class FixedLengthCodec : FrameCodec
{
    public FixedLengthCodec(int frameBytes)
        : base(frameBytes) => MinFrameBytes = frameBytes;

    public override FrameStatus Read(
        ref ReadOnlySequence<byte> input, ref FrameProgress progress, out ReadOnlySequence<byte> frame)
    {
        long available = input.Length;
        return available < MaxFrameBytes
            ? NeedMore(ref progress, out frame, MaxFrameBytes - available)
            : Whole(ref input, ref progress, out frame, head: 0, MaxFrameBytes);
    }

    protected internal override int WriteHead(Span<byte> destination, int frameBytes) => 0;
}
