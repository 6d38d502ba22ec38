namespace Dialtone.Cli;

/// <summary>A connection on which each line is a frame, and each frame is shown as a line.</summary>
internal sealed class FramedLine(Connection connection, Framed framing) : ICallLine
{
    private readonly FrameCodec _codec = framing.Codec!;

    /// <summary>Only where a length says that there is nothing: an empty line would be a newline on a stream.</summary>
    public bool CarriesEmpty => framing.Name is "int32" or "int32be" or "varint";

    public bool KeepsMessages => true;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message) => connection.WriteFrameAsync(_codec, message);

    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        byte[]? frame = await connection.ReadFrameAsync(_codec);
        if (frame is null)
            return null; // not in one expression with the frame, which would make an empty one of it
        return frame;
    }

    public ValueTask FinishSendingAsync() => connection.FinishSendingAsync();

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
