using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone.Cli;

/// <summary>A service that answers each piece that arrives, or each frame, with bytes of the same length.</summary>
internal abstract class ReplyService(FrameCodec? codec)
{
    /// <summary>What a blocking conversation receives into; its thread holds it while the conversation lasts.</summary>
    private const int BlockingBufferBytes = 16 * 1024;

    /// <summary>The conversation of an asynchronous policy.</summary>
    public Task RunAsync(Connection connection) => codec is null ? ReplyRawAsync(connection) : ReplyFramedAsync(connection, codec);

    /// <summary>The conversation of a policy that gives it a thread: receives and sends go straight to the kernel.</summary>
    public void Run(Connection connection)
    {
        if (codec is null)
            ReplyRaw(connection);
        else
            ReplyFramedAsync(connection, codec).GetAwaiter().GetResult();
    }

    /// <summary>Answers a datagram with a datagram, an empty one with an empty one.</summary>
    public virtual async ValueTask ReplyAsync(Datagram datagram)
    {
        int length = datagram.Payload.Length;
        byte[] reply = ArrayPool<byte>.Shared.Rent(length);
        Transform(datagram.Payload.Span, reply);
        await datagram.ReplyAsync(reply.AsMemory(0, length));
        ArrayPool<byte>.Shared.Return(reply);
    }

    /// <summary>As <see cref="ReplyAsync(Datagram)"/>, on a thread of its own.</summary>
    public void Reply(Datagram datagram)
    {
        int length = datagram.Payload.Length;
        byte[] reply = ArrayPool<byte>.Shared.Rent(length);
        Transform(datagram.Payload.Span, reply);
        datagram.Reply(reply.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(reply);
    }

    /// <summary>Writes the reply to a piece of input.</summary>
    protected abstract void Transform(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>Answers one receive with one send.</summary>
    protected virtual ValueTask ReplyAsync(Connection connection, in ReadOnlySequence<byte> input)
    {
        foreach (ReadOnlyMemory<byte> piece in input)
        {
            Transform(piece.Span, connection.Output.GetSpan(piece.Length));
            connection.Output.Advance(piece.Length);
        }

        ValueTask<FlushResult> flush = connection.Output.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
            return new ValueTask(flush.AsTask());
        flush.GetAwaiter().GetResult();
        return default;
    }

    // A connection that waits costs what this method keeps across its first await: nothing but the connection.
    private async Task ReplyRawAsync(Connection connection)
    {
        while (true)
        {
            if (!connection.Input.TryRead(out ReadResult received))
            {
                await connection.WaitToReadAsync();
                continue;
            }

            if (received.Buffer.IsEmpty)
                return;
            ValueTask reply = ReplyAsync(connection, received.Buffer);
            if (reply.IsCompletedSuccessfully)
                connection.Input.AdvanceTo(received.Buffer.End);
            else
                await FinishReplyAsync(connection, reply, received.Buffer.End);
        }
    }

    private static async Task FinishReplyAsync(Connection connection, ValueTask reply, SequencePosition end)
    {
        await reply;
        connection.Input.AdvanceTo(end);
    }

    /// <summary>Answers the frames that arrived together with one send.</summary>
    private async Task ReplyFramedAsync(Connection connection, FrameCodec codec)
    {
        await foreach (ReadOnlySequence<byte> frame in connection.ReadFramesAsync(codec, flushBeforeWait: true))
            ReplyToFrame(connection, codec, frame);
        await connection.Output.FlushAsync();
    }

    protected virtual void ReplyToFrame(Connection connection, FrameCodec codec, in ReadOnlySequence<byte> frame)
    {
        int length = (int)frame.Length;
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        frame.CopyTo(copy);
        Transform(copy.AsSpan(0, length), copy);
        connection.WriteFrame(codec, copy.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void ReplyRaw(Connection connection)
    {
        Stream stream = connection.Stream;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockingBufferBytes);
        try
        {
            int count;
            while ((count = stream.Read(buffer, 0, buffer.Length)) > 0)
            {
                Transform(buffer.AsSpan(0, count), buffer);
                stream.Write(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
