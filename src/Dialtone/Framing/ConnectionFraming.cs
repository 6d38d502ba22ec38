using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Dialtone;

/// <summary>Frames and lines on a <see cref="Connection"/>: one call away, with any codec of <see cref="Framing"/>.</summary>
/// <remarks>
/// Reading takes from the connection what it hands over and not a byte more, so the codec may change in
/// mid-conversation. A connection that ends between two frames has ended; one that ends inside a frame throws
/// <see cref="ProtocolError.TruncatedFrame"/>. After a <see cref="ProtocolException"/> the connection has no known next
/// frame: leave it to be closed.
/// </remarks>
public static class ConnectionFraming
{
    private const int FirstContentBytes = 64 * 1024;

    /// <summary>The frames the peer sends, until it has finished. Frames that arrived together cost one receive.</summary>
    /// <param name="connection">Not read by anybody else until the loop has ended; leave the loop to change the codec.</param>
    /// <param name="codec">How frames are told apart.</param>
    /// <param name="flushBeforeWait">
    /// Whether output is flushed whenever the loop must wait (or 64 KiB are pending), so that answers written with
    /// <see cref="WriteFrame(Connection, FrameCodec, ReadOnlySpan{byte})"/> in the loop leave together. Nobody else may
    /// write meanwhile. Default false.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for more input; the connection stays usable.</param>
    /// <returns>Each frame is lent until the loop asks for the next one.</returns>
    /// <exception cref="ProtocolException">The bytes cannot be frames, or the connection ended inside one.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static FrameEnumerable ReadFramesAsync(
        this Connection connection,
        FrameCodec codec,
        bool flushBeforeWait = false,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Input.ReadFramesAsync(codec, flushBeforeWait ? connection.Output : null, cancellationToken);
    }

    /// <summary>The next frame as an array of its own, or null if the peer had finished before it.</summary>
    /// <exception cref="ProtocolException">The bytes cannot be a frame, or the connection ended inside it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask<byte[]?> ReadFrameAsync(
        this Connection connection, FrameCodec codec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Input.ReadFrameAsync(codec, cancellationToken);
    }

    /// <summary>The next frame, appended to <paramref name="destination"/>; allocates nothing of its own.</summary>
    /// <returns>False if the peer had finished before it.</returns>
    /// <inheritdoc cref="ReadFrameAsync(Connection, FrameCodec, CancellationToken)"/>
    public static ValueTask<bool> ReadFrameAsync(
        this Connection connection,
        FrameCodec codec,
        IBufferWriter<byte> destination,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Input.ReadFrameAsync(codec, destination, cancellationToken);
    }

    /// <summary>The lines the peer sends, without their endings (LF or CRLF), until it has finished.</summary>
    /// <param name="connection">Free for other readers inside the loop: nothing behind the line was taken.</param>
    /// <param name="maxBytes">Longest line, in bytes without its ending. Default 64 KiB, as asyncio's.</param>
    /// <param name="encoding">
    /// Any that keeps ASCII as it is. Default UTF-8, in which invalid bytes become U+FFFD; an encoding that throws gives
    /// <see cref="ProtocolError.BadText"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for more input; the connection stays usable.</param>
    /// <exception cref="ProtocolException">A line is too long or not text, or the connection ended inside it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static IAsyncEnumerable<string> ReadLinesAsync(
        this Connection connection,
        int maxBytes = Framing.DefaultMaxLineBytes,
        Encoding? encoding = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Input.ReadLinesAsync(maxBytes, encoding, cancellationToken);
    }

    /// <summary>The next line without its ending (LF or CRLF), or null if the peer had finished before it.</summary>
    /// <inheritdoc cref="ReadLinesAsync"/>
    public static ValueTask<string?> ReadLineAsync(
        this Connection connection,
        int maxBytes = Framing.DefaultMaxLineBytes,
        Encoding? encoding = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Input.ReadLineAsync(maxBytes, encoding, cancellationToken);
    }

    /// <summary>Writes a frame without sending it: it leaves with the next flush or send.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    public static void WriteFrame(this Connection connection, FrameCodec codec, ReadOnlySpan<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Output.WriteFrame(codec, frame);
    }

    /// <inheritdoc cref="WriteFrame(Connection, FrameCodec, ReadOnlySpan{byte})"/>
    public static void WriteFrame(this Connection connection, FrameCodec codec, in ReadOnlySequence<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Output.WriteFrame(codec, frame);
    }

    /// <summary>Sends a frame, after what was written before: a small one leaves in one send with its head.</summary>
    /// <exception cref="ProtocolException">The content cannot be a frame of this codec; nothing was written.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask WriteFrameAsync(
        this Connection connection,
        FrameCodec codec,
        ReadOnlyMemory<byte> frame,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Output.WriteFrameAsync(codec, frame, cancellationToken);
    }

    /// <inheritdoc cref="WriteFrameAsync(Connection, FrameCodec, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static ValueTask WriteFrameAsync(
        this Connection connection,
        FrameCodec codec,
        in ReadOnlySequence<byte> frame,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Output.WriteFrameAsync(codec, frame, cancellationToken);
    }

    /// <summary>Sends a line, after what was written before.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="line">Without its ending.</param>
    /// <param name="ending">Default LF.</param>
    /// <param name="encoding">Any that keeps ASCII as it is. Default UTF-8.</param>
    /// <param name="cancellationToken">Ends the wait for the send, and with it the connection.</param>
    /// <exception cref="ProtocolException">
    /// The line contains a line feed or ends in a carriage return, and would arrive as something else; or the encoding
    /// refuses it. Nothing was written.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask WriteLineAsync(
        this Connection connection,
        string line,
        LineEnding ending = LineEnding.Lf,
        Encoding? encoding = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Output.WriteLineAsync(line, ending, encoding, cancellationToken);
    }

    /// <summary>Sends a length, waits for the peer's acknowledgement, and sends the content.</summary>
    /// <returns>
    /// False if the content was empty: nothing was waited for then, and an acknowledgement may still stand in front of the
    /// peer's next message. <see cref="AcknowledgedLength.ReadAcknowledgement"/> takes it off.
    /// </returns>
    /// <exception cref="ProtocolException">
    /// The content is too long, or the peer sent something else than its acknowledgement, or ended before it.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static async ValueTask<bool> WriteAcknowledgedAsync(
        this Connection connection,
        AcknowledgedLength codec,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        codec.WriteLength(connection.Output, content.Length);
        await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (content.IsEmpty)
        {
            return false;
        }

        await ReadAcknowledgementAsync(connection, cancellationToken).ConfigureAwait(false);
        await connection.SendAsync(content, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Receives a length, acknowledges it, and receives the content; null if the peer had finished before.</summary>
    /// <exception cref="ProtocolException">
    /// The peer sent no length or one beyond the maximum, or ended inside the content.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static async ValueTask<byte[]?> ReadAcknowledgedAsync(
        this Connection connection, AcknowledgedLength codec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        if (await ReadLengthAsync(connection, codec, cancellationToken).ConfigureAwait(false) is not { } length)
        {
            return null;
        }

        connection.Output.Write(AcknowledgedLength.Acknowledgement);
        await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        // Memory follows what has arrived: a peer that only says a large number gets none of it.
        var content = new byte[Math.Min(length, FirstContentBytes)];
        for (int received = 0; received < length;)
        {
            if (received == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(length, 2L * content.Length));
            }

            int count = await connection.ReceiveAsync(content.AsMemory(received), cancellationToken).ConfigureAwait(false);
            received += count > 0 ? count : throw ProtocolException.Truncated(length - received);
        }

        return content;
    }

    private static async ValueTask<int?> ReadLengthAsync(
        Connection connection, AcknowledgedLength codec, CancellationToken cancellationToken)
    {
        ReadResult result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        PipeFraming.ThrowIfCancelled(result, connection.Input);
        ReadOnlySequence<byte> input = result.Buffer;
        try
        {
            return codec.ReadLength(ref input, out int length) is FrameStatus.Whole ? length : null;
        }
        finally
        {
            connection.Input.AdvanceTo(input.Start);
        }
    }

    private static async ValueTask ReadAcknowledgementAsync(Connection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            PipeFraming.ThrowIfCancelled(result, connection.Input);
            ReadOnlySequence<byte> input = result.Buffer;
            AcknowledgementStatus status = AcknowledgedLength.ReadAcknowledgement(ref input);
            long missing = AcknowledgedLength.Acknowledgement.Length - input.Length;
            connection.Input.AdvanceTo(
                input.Start, status is AcknowledgementStatus.NeedMore ? input.End : input.Start);
            switch (status)
            {
                case AcknowledgementStatus.Present:
                    return;
                case AcknowledgementStatus.Absent:
                    throw new ProtocolException(
                        ProtocolError.BadAcknowledgement, "The peer sent something else where recv_ready was due.");
                case AcknowledgementStatus.NeedMore when result.IsCompleted:
                    throw ProtocolException.Truncated(missing);
            }
        }
    }
}
