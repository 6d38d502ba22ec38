using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>Somebody a datagram came from, kept to send to later, from the socket it came in on.</summary>
public sealed class DatagramSender
{
    private readonly DatagramListener _listener;
    private readonly SocketAddress _peer;

    internal DatagramSender(DatagramListener listener, SocketAddress peer)
    {
        _listener = listener;
        _peer = new SocketAddress(peer.Family, peer.Size);
        PeerNames.Copy(peer, _peer);
    }

    /// <summary>The address.</summary>
    public EndPoint? Address => PeerNames.ToEndPoint(_peer);

    /// <summary>Sends without waiting; from any thread.</summary>
    /// <returns>False when it could not leave: the peer is gone, a queue is full, or the server has stopped.</returns>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public bool Send(ReadOnlySpan<byte> payload) => DatagramDrops.Counted(_listener.Send(payload, _peer));

    internal DatagramListener Listener => _listener;

    internal SocketAddress Peer => _peer;

    internal bool Is(DatagramListener listener, SocketAddress peer) =>
        _listener == listener && _peer.Size == peer.Size && _peer.Buffer.Span[.._peer.Size].SequenceEqual(peer.Buffer.Span[..peer.Size]);
}
