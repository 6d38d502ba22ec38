using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>Senders' addresses as the system writes them.</summary>
internal static class PeerNames
{
    /// <summary>The bytes of a Unix address before its path.</summary>
    private const int UnixPathOffset = 2;

    private static readonly IPEndPoint V4 = new(IPAddress.Any, 0);
    private static readonly IPEndPoint V6 = new(IPAddress.IPv6Any, 0);
    private static readonly UnixDomainSocketEndPoint Unix = new("?");

    public static bool IsNamed(SocketAddress peer) => peer.Size > UnixPathOffset;

    public static EndPoint? ToEndPoint(SocketAddress peer)
    {
        if (!IsNamed(peer))
            return null;
        switch (peer.Family)
        {
            case AddressFamily.InterNetwork:
                return V4.Create(peer);
            case AddressFamily.InterNetworkV6:
                var ip = (IPEndPoint)V6.Create(peer);
                return ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port) : ip;
            case AddressFamily.Unix:
                return Unix.Create(peer);
            default:
                return null;
        }
    }

    public static void Copy(SocketAddress from, SocketAddress to)
    {
        to.Size = from.Size;
        from.Buffer.Span[..from.Size].CopyTo(to.Buffer.Span);
    }
}
