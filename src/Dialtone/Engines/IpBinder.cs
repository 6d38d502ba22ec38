using System.Net;
using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>Binds TCP and UDP addresses.</summary>
internal static class IpBinder
{
    /// <summary>How often another port is tried when the system's choice for one address of a host is taken on the next.</summary>
    private const int MaxPortChoices = 16;

    // SO_REUSEADDR and SO_REUSEPORT where sockets descend from BSD: sys/socket.h
    private const int BsdSocketLevel = 0xFFFF, BsdReuseAddress = 4, BsdReusePort = 0x200;

    public static IReadOnlyList<BoundSocket> Bind(Address address, ListenOptions options)
    {
        if (address.Host == "*")
            return [BindEverywhere(address, options)];
        IPAddress[] hosts = Resolve(address);
        for (int choice = 1; ; choice++)
        {
            try
            {
                return BindAll(address, hosts, options);
            }
            catch (TransportException e) when (e.Reason == TransportError.AddressInUse && address.Port == 0 && hosts.Length > 1 && choice < MaxPortChoices)
            {
                // The system's choice for the first address is taken on another: let it choose again.
            }
        }
    }

    private static List<BoundSocket> BindAll(Address address, IPAddress[] hosts, ListenOptions options)
    {
        var bound = new List<BoundSocket>(hosts.Length);
        int port = address.Port;
        try
        {
            foreach (IPAddress host in hosts)
            {
                try
                {
                    BoundSocket socket = BindOne(address with { Host = host.ToString(), Port = port }, host, dual: false, options);
                    bound.Add(socket);
                    port = socket.Address.Port;
                }
                catch (TransportException e) when (e.Reason == TransportError.AddressNotAvailable && address.Host == "localhost" && bound.Count > 0)
                {
                    // A machine without ::1; the name is still good for 127.0.0.1.
                }
            }

            return bound;
        }
        catch
        {
            foreach (BoundSocket socket in bound)
                socket.Dispose();
            throw;
        }
    }

    /// <summary>Both families on one socket, or IPv4 alone where the system has no IPv6.</summary>
    private static BoundSocket BindEverywhere(Address address, ListenOptions options)
    {
        if (Socket.OSSupportsIPv6)
        {
            try
            {
                return BindOne(address, IPAddress.IPv6Any, dual: true, options);
            }
            catch (TransportException e) when (e.Reason == TransportError.AddressNotAvailable
                && e.InnerException is SocketException { SocketErrorCode: SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable })
            {
                // IPv6 is there and switched off.
            }
        }

        return BindOne(address, IPAddress.Any, dual: false, options);
    }

    private static BoundSocket BindOne(Address address, IPAddress host, bool dual, ListenOptions options)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(host.AddressFamily, address.IsDatagram ? SocketType.Dgram : SocketType.Stream, ProtocolType.Unspecified);
            if (dual)
                socket.DualMode = true;
            SetReuse(socket, address, options);
            socket.Bind(new IPEndPoint(host, address.Port));
            return new BoundSocket(socket, address with { Port = ((IPEndPoint)socket.LocalEndPoint!).Port });
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw BindError.From(address, e);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    private static void SetReuse(Socket socket, Address address, ListenOptions options)
    {
        if (OperatingSystem.IsWindows())
        {
            // SO_REUSEADDR there lets a second program take the port away from the first; this forbids it.
            socket.ExclusiveAddressUse = true;
            return;
        }

        // A datagram socket has no TIME_WAIT: there the option would only let a second server steal from the first.
        if (options.ReuseAddress && !address.IsDatagram)
            SetRaw(socket, Linux.SO_REUSEADDR, BsdReuseAddress);
        if (options.ReusePort)
            SetRaw(socket, Linux.SO_REUSEPORT, BsdReusePort);
    }

    private static void SetRaw(Socket socket, int linuxName, int bsdName)
    {
        bool isLinux = OperatingSystem.IsLinux();
        ReadOnlySpan<byte> on = [1, 0, 0, 0];
        socket.SetRawSocketOption(isLinux ? Linux.SOL_SOCKET : BsdSocketLevel, isLinux ? linuxName : bsdName, on);
    }

    private static IPAddress[] Resolve(Address address)
    {
        string host = address.Host!;
        if (IPAddress.TryParse(host, out IPAddress? ip))
            return [ip];
        if (host == "localhost")
            return Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        try
        {
            return [.. Dns.GetHostAddresses(host).Distinct()];
        }
        catch (SocketException e)
        {
            throw new TransportException(TransportError.HostNotFound, $"{address} cannot be listened on: the name {host} is not known.", e);
        }
    }
}
