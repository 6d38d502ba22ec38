using System.Net;
using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>Turns an address into bound sockets.</summary>
internal static class SocketBinder
{
    public static IReadOnlyList<BoundSocket> Bind(Address address, ListenOptions options)
    {
        bool any = address.Host == "*";
        IPAddress ip = any ? IPAddress.IPv6Any : IPAddress.Parse(address.Host!);
        var socket = new Socket(ip.AddressFamily, address.IsDatagram ? SocketType.Dgram : SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (any)
                socket.DualMode = true;
            if (options.ReuseAddress)
                Linux.SetOption((int)socket.Handle, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
            socket.Bind(new IPEndPoint(ip, address.Port));
            if (!address.IsDatagram)
                socket.Listen(options.Backlog);
            return [new BoundSocket(socket, address with { Port = ((IPEndPoint)socket.LocalEndPoint!).Port })];
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
