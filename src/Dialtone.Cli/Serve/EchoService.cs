using System.Buffers;

namespace Dialtone.Cli;

/// <summary>Answers with the same bytes.</summary>
internal sealed class EchoService(FrameCodec? codec) : ReplyService(codec)
{
    protected override void Transform(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        // A blocking conversation answers out of the buffer it received into.
        if (!source.Overlaps(destination))
            source.CopyTo(destination);
    }

    /// <summary>Sends straight from the memory that was received into.</summary>
    protected override ValueTask ReplyAsync(Connection connection, in ReadOnlySequence<byte> input) =>
        input.IsSingleSegment ? connection.SendAsync(input.First) : base.ReplyAsync(connection, input);

    /// <summary>Sends straight from the memory that was received into.</summary>
    public override ValueTask ReplyAsync(Datagram datagram)
    {
        ValueTask<bool> reply = datagram.ReplyAsync(datagram.Payload);
        if (!reply.IsCompletedSuccessfully)
            return new ValueTask(reply.AsTask());
        reply.GetAwaiter().GetResult();
        return default;
    }

    protected override void ReplyToFrame(Connection connection, FrameCodec codec, in ReadOnlySequence<byte> frame) =>
        connection.WriteFrame(codec, frame);
}
