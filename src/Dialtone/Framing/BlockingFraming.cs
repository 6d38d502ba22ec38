using System.Text;

namespace Dialtone;

/// <summary>Frames and lines for blocking handlers: the calls of <see cref="ConnectionFraming"/> that hold the thread until they are done.</summary>
/// <remarks>
/// Meant for <see cref="Server.HandleBlocking(BlockingHandler)"/> under Thread, Pool or Process, where a read is a plain
/// <c>recv</c> on the handler's own thread. Under the other policies they work too, and hold a thread that others need:
/// there, await. Read and write timeouts of the connection hold as they do for the calls that are awaited.
/// </remarks>
/// <example>
/// <code>
/// server.HandleBlocking(call =>
/// {
///     while (call.ReadLine() is { } line)
///         call.WriteLine(line.ToUpperInvariant());
/// });
/// </code>
/// </example>
public static class BlockingFraming
{
    /// <summary>The next line without its ending (LF or CRLF), or null if the peer had finished before it.</summary>
    /// <param name="connection">Nothing behind the line is taken from it.</param>
    /// <param name="maxBytes">Longest line, in bytes without its ending. Default 64 KiB, as asyncio's.</param>
    /// <param name="encoding">Any that keeps ASCII as it is. Default UTF-8, in which invalid bytes become U+FFFD.</param>
    /// <exception cref="ProtocolException">The line is too long or not text, or the connection ended inside it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static string? ReadLine(
        this Connection connection, int maxBytes = Framing.DefaultMaxLineBytes, Encoding? encoding = null) =>
        Finish(connection.ReadLineAsync(maxBytes, encoding));

    /// <summary>Sends a line, after what was written before.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="line">Without its ending.</param>
    /// <param name="ending">Default LF.</param>
    /// <param name="encoding">Any that keeps ASCII as it is. Default UTF-8.</param>
    /// <exception cref="ProtocolException">
    /// The line contains a line feed or ends in a carriage return, or the encoding refuses it. Nothing was written.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static void WriteLine(
        this Connection connection, string line, LineEnding ending = LineEnding.Lf, Encoding? encoding = null) =>
        Finish(connection.WriteLineAsync(line, ending, encoding));

    /// <summary>The next frame as an array of its own, or null if the peer had finished before it.</summary>
    /// <exception cref="ProtocolException">The bytes cannot be a frame, or the connection ended inside it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static byte[]? ReadFrame(this Connection connection, FrameCodec codec) =>
        Finish(connection.ReadFrameAsync(codec));

    /// <summary>Sends a frame, after what was written before; <c>WriteFrame</c> only writes it, for a later send.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static void SendFrame(this Connection connection, FrameCodec codec, ReadOnlyMemory<byte> frame) =>
        Finish(connection.WriteFrameAsync(codec, frame));

    private static T Finish<T>(ValueTask<T> reading) =>
        reading.IsCompleted ? reading.GetAwaiter().GetResult() : reading.AsTask().GetAwaiter().GetResult();

    private static void Finish(ValueTask writing)
    {
        if (writing.IsCompleted)
            writing.GetAwaiter().GetResult();
        else
            writing.AsTask().GetAwaiter().GetResult();
    }
}
