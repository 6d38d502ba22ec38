using System.Buffers;

namespace Dialtone.Commands;

/// <summary>A frame as one message of a flow of datagrams: the same bytes as on a connection.</summary>
internal static class FlowFrames
{
    /// <summary>Longest piece of a stream in one frame: with its header it stays below a flow's longest message.</summary>
    public const int MaxPieceBytes = 32 * 1024;

    private const int UsualHeaderBytes = 256;

    /// <exception cref="ProtocolException">The frame is longer than a message may be.</exception>
    public static ReadOnlyMemory<byte> Write(CommandFrame frame, ReadOnlyMemory<byte> body, int maxMessageBytes)
    {
        var message = new ArrayBufferWriter<byte>(UsualHeaderBytes + body.Length);
        CommandFrame.Codec.Write(message, frame);
        message.Write(body.Span);
        return message.WrittenCount <= maxMessageBytes
            ? message.WrittenMemory
            : throw new ProtocolException(ProtocolError.FrameTooLarge, $"A frame over datagrams has at most {maxMessageBytes} bytes.");
    }

    /// <exception cref="ProtocolException">It is not one whole frame.</exception>
    public static ReceivedFrame Read(byte[] message)
    {
        var rest = new ReadOnlySequence<byte>(message);
        if (CommandFrame.Codec.Read(ref rest, out CommandFrame? frame, out long body, out _) != FrameStatus.Whole || rest.Length != body)
            throw new ProtocolException(ProtocolError.TruncatedFrame, "A message is one frame, whole and with nothing behind it.");
        return new ReceivedFrame(frame!, new MemoryStream(message, message.Length - (int)body, (int)body, writable: false));
    }
}
