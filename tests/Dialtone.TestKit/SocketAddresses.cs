using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>From a server's address to what a plain socket of this machine connects to.</summary>
internal static class SocketAddresses
{
    public static EndPoint EndPointOf(Address address) => address.Scheme switch
    {
        AddressScheme.Tcp or AddressScheme.Tls or AddressScheme.Udp => new IPEndPoint(HostOf(address), address.Port),
        AddressScheme.Unix => new UnixDomainSocketEndPoint(address.Path![0] == '@' ? "\0" + address.Path[1..] : address.Path),
        _ => throw new ArgumentException($"A plain socket cannot call {address}.", nameof(address)),
    };

    public static Socket Create(EndPoint target, SocketType type) => target.AddressFamily == AddressFamily.Unix
        ? new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified)
        : new Socket(target.AddressFamily, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);

    public static Address ToAddress(this IPEndPoint bound, bool udp)
    {
        string host = bound.Address.ToString();
        return udp ? Address.Udp(host, bound.Port) : Address.Tcp(host, bound.Port);
    }

    private static IPAddress HostOf(Address address) => address.Host switch
    {
        "localhost" or "*" or "0.0.0.0" => IPAddress.Loopback,
        "::" => IPAddress.IPv6Loopback,
        { } host when IPAddress.TryParse(host, out IPAddress? ip) => ip,
        _ => throw new ArgumentException($"The test kit looks up no names; {address} has one.", nameof(address)),
    };
}
