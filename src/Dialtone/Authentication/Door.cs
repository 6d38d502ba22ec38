using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>What the handshakes before a conversation have in common: the time limit, what failing costs, and messages behind an int32 length.</summary>
internal static class Door
{
    private const int PrefixBytes = 4;

    /// <summary>Runs the server's side: true when the caller may come in. Otherwise the connection is closed, and its address charged.</summary>
    internal static async ValueTask<bool> AdmitAsync(
        Connection connection, string name, TimeSpan? limit, Func<Connection, ValueTask<DoorOutcome>> handshake)
    {
        connection.BeginStage(limit ?? connection.Host.Limits.Handshake);
        DoorOutcome outcome;
        try
        {
            outcome = await handshake(connection).ConfigureAwait(false);
        }
        catch (TransportException) when (connection.CloseReason == CloseReason.HandshakeTimeout)
        {
            outcome = DoorOutcome.TooSlow;
        }
        catch (TransportException e) when (e.Reason is TransportError.PeerReset)
        {
            outcome = DoorOutcome.Left;
        }

        ILogger logger = connection.Host.Logger;
        if (outcome == DoorOutcome.Proven)
        {
            connection.EndStage();
            if (logger.IsEnabled(LogLevel.Debug))
                logger.Proven(connection.Id, connection.RemoteEndPoint, name);
            return true;
        }

        logger.NotProven(connection.Id, connection.RemoteEndPoint, name, outcome);
        PeerKey peer = connection.PeerKey;
        if (!peer.IsNone)
            connection.Host.Penalties?.Charge(peer.ToAddress(), PenaltyFor(outcome));
        await connection.CloseAsync(outcome == DoorOutcome.Left ? CloseReason.PeerClosed : CloseReason.AuthenticationFailed).ConfigureAwait(false);
        return false;
    }

    /// <summary>Runs the client's side within the same limit. What goes wrong is a <see cref="TrustException"/>.</summary>
    internal static async ValueTask EnterAsync(
        Connection connection, Func<Connection, CancellationToken, ValueTask> handshake, CancellationToken cancellationToken)
    {
        connection.BeginStage(connection.Host.Limits.Handshake);
        try
        {
            await handshake(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException e) when (connection.CloseReason == CloseReason.HandshakeTimeout)
        {
            throw new TrustException(TrustError.TimedOut, "The server did not finish the handshake in its time.", e);
        }
        catch (TransportException e) when (e.Reason is TransportError.PeerReset)
        {
            throw new TrustException(TrustError.Refused, "The server broke the connection off during the handshake.", e);
        }

        connection.EndStage();
    }

    /// <summary>Receives exactly this many bytes and leaves what follows for the conversation: false when the peer finished before.</summary>
    internal static async ValueTask<bool> ReceiveExactlyAsync(Connection connection, Memory<byte> destination, CancellationToken cancellationToken)
    {
        PipeReader input = connection.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.Length >= destination.Length)
            {
                buffer = buffer.Slice(0, destination.Length);
                buffer.CopyTo(destination.Span);
                input.AdvanceTo(buffer.End);
                return true;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return false;
        }
    }

    /// <summary>Receives one message behind its length: empty when the peer finished, or states a length that is zero, negative or over the bound.</summary>
    internal static async ValueTask<byte[]> ReceiveMessageAsync(Connection connection, int maxBytes, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixBytes];
        if (!await ReceiveExactlyAsync(connection, prefix, cancellationToken).ConfigureAwait(false))
            return [];
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length <= 0 || length > maxBytes)
            return [];
        var message = new byte[length];
        return await ReceiveExactlyAsync(connection, message, cancellationToken).ConfigureAwait(false) ? message : [];
    }

    internal static ValueTask SendMessageAsync(Connection connection, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var framed = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, message.Length);
        message.CopyTo(framed.AsMemory(PrefixBytes));
        return connection.SendAsync(framed, cancellationToken);
    }

    /// <summary>The binding to the TLS channel under a connection; empty without TLS. A TLS channel without a binding is an error, never "no TLS".</summary>
    internal static ReadOnlyMemory<byte> BindingOf(Connection connection) =>
        connection.Address.Scheme == AddressScheme.Tls && connection.ChannelBinding.IsEmpty
            ? throw new TrustException(TrustError.HandshakeMalformed, "This TLS connection offers no channel binding.")
            : connection.ChannelBinding;

    private static Penalty PenaltyFor(DoorOutcome outcome) => outcome switch
    {
        DoorOutcome.Left => Penalty.NoAuthentication,
        DoorOutcome.TooSlow => Penalty.GraceExceeded,
        _ => Penalty.AuthenticationFailed,
    };
}
