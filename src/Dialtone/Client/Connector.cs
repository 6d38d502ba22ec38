using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>Makes outgoing transports of one engine.</summary>
internal abstract class Connector
{
    private static readonly SocketsConnector Portable = new();

    public static Connector For(DialOptions options) => options.Engine switch
    {
        EngineKind.Sockets => Portable,
        _ when OperatingSystem.IsLinux() => EpollConnector.Shared,
        EngineKind.Epoll => throw new PlatformNotSupportedException("The Epoll engine needs Linux; use EngineKind.Sockets or Auto."),
        _ => Portable,
    };

    public async Task<Transport> ConnectAsync(Address address, DialOptions options, CancellationToken cancellationToken)
    {
        if (address.Scheme == AddressScheme.Descriptor)
            return Adopt(address, options);
        if (address.IsUnix)
            return await ConnectUnixAsync(address, options, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<IPEndPoint> order = await CallOrder.ResolveAsync(address, options.SourceAddress?.Address, cancellationToken).ConfigureAwait(false);
        return await AttemptRace.RunAsync(order, (endPoint, token) => ConnectIpAsync(endPoint, address, options, token), options, cancellationToken)
            .ConfigureAwait(false);
    }

    protected abstract Task<Transport> ConnectIpAsync(IPEndPoint endPoint, Address address, DialOptions options, CancellationToken cancellationToken);

    protected abstract Task<Transport> ConnectUnixAsync(Address address, DialOptions options, CancellationToken cancellationToken);

    /// <summary>Takes over a connected socket by its descriptor.</summary>
    protected abstract Transport Adopt(Address address, DialOptions options);

    /// <summary>The type of a connected socket's descriptor.</summary>
    protected static int TypeOfConnected(Address address)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException($"{address} needs Linux.");
        int descriptor = address.Descriptor;
        int type = descriptor < 0 ? -1 : Linux.GetOption(descriptor, Linux.SOL_SOCKET, Linux.SO_TYPE);
        string? problem = type < 0 ? "no open socket"
            : type == Linux.SOCK_DGRAM ? "a datagram socket"
            : Linux.GetOption(descriptor, Linux.SOL_SOCKET, Linux.SO_ACCEPTCONN) == 1 ? "a socket that listens" : null;
        return problem is null ? type
            : throw new TransportException(TransportError.AddressNotAvailable, $"{address} cannot be called: it is {problem}.");
    }

    /// <summary>What an error number of Linux's connect(2) means to whoever calls.</summary>
    protected static TransportException ErrorOf(Address address, int error, IPEndPoint? peer = null) => error switch
    {
        Linux.ECONNREFUSED => new(TransportError.Refused, $"Nobody answers at {address}. Is the server running?", error),
        Linux.ENOENT => new(TransportError.Refused, $"Nobody answers at {address}: there is no such socket.", error),
        Linux.ETIMEDOUT => new(TransportError.TimedOut, $"{address} does not answer.", error),
        Linux.EACCES or Linux.EPERM => new(TransportError.AddressNotAvailable, $"{address} may not be called by this user.", error),
        Linux.EPROTOTYPE => new(TransportError.AddressNotAvailable, $"{address} is a socket of another kind.", error),
        Linux.EHOSTUNREACH or Linux.ENETUNREACH or Linux.ENETDOWN or Linux.EHOSTDOWN =>
            new(TransportError.AddressNotAvailable, $"{address} cannot be reached: {Marshal.GetPInvokeErrorMessage(error)}.", error),
        Linux.EADDRNOTAVAIL when peer?.AddressFamily == AddressFamily.InterNetworkV6 && !HasIPv6() =>
            new(TransportError.AddressNotAvailable, $"{address} cannot be reached: this machine has no IPv6 address.", error),
        Linux.EADDRNOTAVAIL => NoPort(address, error),
        _ => Linux.Error(error),
    };

    /// <summary>What an error number of Linux's bind(2) means to whoever calls from an address.</summary>
    protected static TransportException SourceErrorOf(Address address, IPEndPoint source, int error) => error switch
    {
        Linux.EADDRINUSE when source.Port == 0 => NoPort(address, error),
        Linux.EADDRINUSE => new(TransportError.AddressInUse, $"{address} cannot be called: the source address is in use.", error),
        Linux.EADDRNOTAVAIL => new(TransportError.AddressNotAvailable, $"{address} cannot be called: the source address is not one of this machine.", error),
        _ => ErrorOf(address, error),
    };

    private static bool HasIPv6() => NetworkInterface.GetAllNetworkInterfaces()
        .Any(static network => network.GetIPProperties().UnicastAddresses.Any(static own => own.Address.AddressFamily == AddressFamily.InterNetworkV6));

    private static TransportException NoPort(Address address, int error) => new(
        TransportError.OutOfResources,
        $"{address} cannot be called: no source port is free. One that was in use is free again a minute after its call; net.ipv4.ip_local_port_range says how many there are.",
        error);

    /// <param name="address">Who is called.</param>
    /// <param name="error">What failed.</param>
    /// <param name="peer">Which of its addresses it was.</param>
    /// <param name="source">Where from, if it was binding to that which failed.</param>
    protected static TransportException ErrorOf(Address address, SocketException error, EndPoint peer, IPEndPoint? source) => OperatingSystem.IsLinux()
        ? source is not null ? SourceErrorOf(address, source, error.NativeErrorCode)
        : ErrorOf(address, address.IsUnix && error.SocketErrorCode == SocketError.AddressNotAvailable ? Linux.ENOENT : error.NativeErrorCode, peer as IPEndPoint) // its name for ENOENT
        : new(
            error.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => TransportError.Refused,
                SocketError.TimedOut => TransportError.TimedOut,
                SocketError.AddressAlreadyInUse => TransportError.AddressInUse,
                SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => TransportError.OutOfResources,
                _ => TransportError.AddressNotAvailable,
            },
            $"{address} cannot be called: {error.Message}.", error.NativeErrorCode);
}
