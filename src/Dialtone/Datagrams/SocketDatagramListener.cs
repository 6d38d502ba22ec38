using System.Net;
using System.Net.Sockets;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>Receives and sends one datagram at a time through the <see cref="SocketAddress"/> overloads, which allocate nothing. Portable.</summary>
internal sealed class SocketDatagramListener : DatagramListener
{
    private readonly int _maxBytes;
    private Datagram _slot;

    public SocketDatagramListener(DatagramService service, BoundSocket socket)
        : base(service, socket)
    {
        _maxBytes = service.Host.Limits.MaxDatagramBytes;
        // One byte more than is taken tells a datagram that was cut from one that just fits.
        _slot = service.TryMakeReceiver(_maxBytes + 1)
            ?? throw new TransportException(TransportError.OutOfResources, $"The memory budget leaves no buffer to receive datagrams on {Address}.");
        // A Unix peer that does not read would stop a loop whose sends block; a UDP socket's queue empties by itself.
        socket.Socket.Blocking = !IsUnix;
    }

    public override SendOutcome Send(ReadOnlySpan<byte> payload, SocketAddress peer) => IsClosed ? SendOutcome.Failed : Send(Socket, payload, peer);

    /// <summary>Sends one datagram through a socket.</summary>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public static SendOutcome Send(Socket socket, ReadOnlySpan<byte> payload, SocketAddress peer)
    {
        try
        {
            socket.SendTo(payload, SocketFlags.None, peer);
            return SendOutcome.Sent;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
        {
            throw new TransportException(TransportError.MessageTooLarge, "The message is too long for one packet of this socket.", e);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable ? SendOutcome.QueueFull : SendOutcome.Failed;
        }
        catch (ObjectDisposedException)
        {
            return SendOutcome.Failed;
        }
    }

    protected override void ReceiveUntilStopped()
    {
        while (!IsStopped)
        {
            if (IsUnix && !Socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead))
                continue;
            int count = Receive();
            if (IsStopped)
                return;
            if (count < 0)
                continue;
            ReceivedSome();
            Instruments.Shared.Datagrams.Add(1);
            Instruments.Shared.Received.Add(count);
            _slot.Lend(this, Math.Min(count, _maxBytes), count > _maxBytes);
            _slot = Service.Deliver(this, _slot);
        }
    }

    /// <summary>The length of what came, more than the most where it was cut; −1 when nothing came after all.</summary>
    private int Receive()
    {
        try
        {
            _slot.Peer.Size = Datagram.NameBytes;
            return Socket.ReceiveFrom(_slot.Buffer.Span[..(_maxBytes + 1)], SocketFlags.None, _slot.Peer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
        {
            return _maxBytes + 1; // how Windows tells
        }
        catch (SocketException e) when (IsHarmless(e.SocketErrorCode) || IsStopped)
        {
            return -1;
        }
        catch (SocketException e)
        {
            throw new TransportException(TransportError.Other, e.Message, e);
        }
    }

    protected override void Wake()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Receive);
        }
        catch (SocketException)
        {
            // "Not connected": Linux says so and wakes the loop all the same.
        }
    }

    protected override void ReturnBuffers() => Service.Return(_slot);

    /// <summary>Errors of earlier replies, and waits that were cut short: the next receive may well succeed.</summary>
    private static bool IsHarmless(SocketError error) => error is SocketError.Interrupted or SocketError.WouldBlock or SocketError.ConnectionRefused
        or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown
        or SocketError.NetworkDown or SocketError.NetworkReset or SocketError.TimedOut;
}
