using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace Dialtone;

/// <summary>Messages of a JSON header and a body on a <see cref="Connection"/>.</summary>
/// <remarks>
/// The header's type either implements <see cref="IJsonHeader{TSelf}"/>, or a codec made by
/// <see cref="Framing.JsonHeader{THeader}(System.Text.Json.Serialization.Metadata.JsonTypeInfo{THeader}, Func{THeader, long}, JsonHeaderOptions?)"/>
/// is named in each call.
/// </remarks>
public static class ConnectionJson
{
    private const int CopyBytes = 256 * 1024;

    private static readonly object UnreadBody = new();

    /// <summary>The next message, or null if the peer had finished before it. An unread body is skipped first.</summary>
    /// <exception cref="ProtocolException">
    /// The header is refused, the connection ended inside it, or too much of the last body was left unread.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask<JsonMessage<THeader>?> ReceiveAsync<THeader>(
        this Connection connection, CancellationToken cancellationToken = default)
        where THeader : IJsonHeader<THeader> =>
        connection.ReceiveAsync(Framing.JsonHeader<THeader>(), cancellationToken);

    /// <inheritdoc cref="ReceiveAsync{THeader}(Connection, CancellationToken)"/>
    public static async ValueTask<JsonMessage<THeader>?> ReceiveAsync<THeader>(
        this Connection connection, JsonHeaderCodec<THeader> codec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        if (connection.Items.TryGetValue(UnreadBody, out object? last) && last is BodyStream unread)
        {
            await unread.LeaveAsync(codec.Options.MaxSkippedBytes, cancellationToken).ConfigureAwait(false);
            connection.Items.Remove(UnreadBody);
        }

        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            PipeFraming.ThrowIfCancelled(result, connection.Input);
            ReadOnlySequence<byte> rest = result.Buffer;
            long missing = 0;
            try
            {
                if (codec.Read(ref rest, out THeader? header, out long bodyLength, out missing) is FrameStatus.Whole)
                {
                    var body = new BodyStream(connection, bodyLength);
                    connection.Items[UnreadBody] = body;
                    return new JsonMessage<THeader>(header!, body);
                }
            }
            finally
            {
                connection.Input.AdvanceTo(rest.Start, missing > 0 ? rest.End : rest.Start);
            }

            if (result.IsCompleted)
            {
                return rest.IsEmpty ? null : throw ProtocolException.Truncated(missing);
            }
        }
    }

    /// <summary>Sends a header and its body; a small body leaves in one send with the header.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="header">States the body's length.</param>
    /// <param name="body">As long as the header states. Default empty.</param>
    /// <param name="cancellationToken">Ends the wait for the send, and with it the connection.</param>
    /// <exception cref="ArgumentException">The body is not as long as the header states; nothing was sent.</exception>
    /// <exception cref="ProtocolException">The header is beyond a bound; nothing was sent.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask SendAsync<THeader>(
        this Connection connection,
        THeader header,
        ReadOnlyMemory<byte> body = default,
        CancellationToken cancellationToken = default)
        where THeader : IJsonHeader<THeader> =>
        connection.SendAsync(Framing.JsonHeader<THeader>(), header, body, cancellationToken);

    /// <inheritdoc cref="SendAsync{THeader}(Connection, THeader, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static ValueTask SendAsync<THeader>(
        this Connection connection,
        JsonHeaderCodec<THeader> codec,
        THeader header,
        ReadOnlyMemory<byte> body = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        long stated = codec.BodyLength(header);
        if (stated != body.Length)
        {
            throw new ArgumentException(
                $"The header states a body of {stated} bytes; this one has {body.Length}.", nameof(body));
        }

        codec.Write(connection.Output, header);
        return PipeFraming.FlushedAsync(connection.Output.WriteAsync(body, cancellationToken));
    }

    /// <summary>Sends a header, then as much of a stream as the header states.</summary>
    /// <exception cref="ProtocolException">
    /// The header is beyond a bound; or the stream ended early (<see cref="ProtocolError.TruncatedFrame"/>) and the peer
    /// still waits for the rest: close the connection.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask SendAsync<THeader>(
        this Connection connection, THeader header, Stream body, CancellationToken cancellationToken = default)
        where THeader : IJsonHeader<THeader> =>
        connection.SendAsync(Framing.JsonHeader<THeader>(), header, body, cancellationToken);

    /// <inheritdoc cref="SendAsync{THeader}(Connection, THeader, Stream, CancellationToken)"/>
    public static async ValueTask SendAsync<THeader>(
        this Connection connection,
        JsonHeaderCodec<THeader> codec,
        THeader header,
        Stream body,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(body);
        long remaining = codec.Write(connection.Output, header);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(remaining, 1, CopyBytes));
        try
        {
            while (remaining > 0)
            {
                Memory<byte> space = buffer.AsMemory(0, (int)Math.Min(buffer.Length, remaining));
                int count = await body.ReadAsync(space, cancellationToken).ConfigureAwait(false);
                ThrowIfShort(count == 0 ? remaining : 0);
                await connection.SendAsync(space[..count], cancellationToken).ConfigureAwait(false);
                remaining -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a header, then as much of a file as the header states; in the kernel where the system can.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="header">States the body's length.</param>
    /// <param name="file">An open regular file.</param>
    /// <param name="offset">The first byte to send. Default 0.</param>
    /// <param name="cancellationToken">Ends the wait for the send, and with it the connection.</param>
    /// <exception cref="ProtocolException">
    /// The header is beyond a bound; or the file ended early (<see cref="ProtocolError.TruncatedFrame"/>) and the peer
    /// still waits for the rest: close the connection.
    /// </exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public static ValueTask SendAsync<THeader>(
        this Connection connection,
        THeader header,
        SafeFileHandle file,
        long offset = 0,
        CancellationToken cancellationToken = default)
        where THeader : IJsonHeader<THeader> =>
        connection.SendAsync(Framing.JsonHeader<THeader>(), header, file, offset, cancellationToken);

    /// <inheritdoc cref="SendAsync{THeader}(Connection, THeader, SafeFileHandle, long, CancellationToken)"/>
    public static async ValueTask SendAsync<THeader>(
        this Connection connection,
        JsonHeaderCodec<THeader> codec,
        THeader header,
        SafeFileHandle file,
        long offset = 0,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(codec);
        long length = codec.Write(connection.Output, header);
        long sent = await connection.SendFileAsync(file, offset, length, cancellationToken).ConfigureAwait(false);
        ThrowIfShort(length - sent);
    }

    private static void ThrowIfShort(long missing)
    {
        if (missing > 0)
        {
            throw new ProtocolException(
                ProtocolError.TruncatedFrame, $"What was to be sent ended {missing} bytes before the length its header states.");
        }
    }
}
