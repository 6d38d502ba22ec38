using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>Why an address cannot be listened on, in words that say what to do.</summary>
internal static class BindError
{
    private const int FirstUnprivilegedPort = 1024; // ip(7): net.ipv4.ip_unprivileged_port_start, unless the operator changed it

    public static TransportException From(Address address, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => InUse(address, error),
        SocketError.AccessDenied => NoPermission(address, error),
        SocketError.AddressNotAvailable => NotAvailable($"{address} cannot be listened on: {address.Host} is not an address of this machine.", error),
        SocketError.AddressFamilyNotSupported => NotAvailable($"{address} cannot be listened on: this system has no addresses of that family.", error),
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable =>
            new(TransportError.OutOfResources, $"{address} cannot be listened on: {error.Message}.", error),
        _ => new(TransportError.Other, $"{address} cannot be listened on: {error.Message}.", error),
    };

    public static TransportException InUse(Address address, Exception? inner = null) =>
        new(TransportError.AddressInUse, $"{address} is in use by another server. Stop that one, or listen elsewhere{(address.HasPort ? "; port 0 lets the system choose a free one" : "")}.", inner);

    public static TransportException NotAvailable(string message, Exception? inner = null) =>
        new(TransportError.AddressNotAvailable, message, inner);

    /// <summary>What the error number of a call on a Unix socket means for whoever wants to listen there.</summary>
    public static TransportException FromUnix(Address address, int error) => error switch
    {
        Linux.EADDRINUSE => InUse(address),
        Linux.EACCES or Linux.EPERM or Linux.EROFS => NotAvailable($"{address} cannot be listened on: this user may not make a file in that folder."),
        Linux.ENOENT or Linux.ENOTDIR => NotAvailable($"{address} cannot be listened on: its folder does not exist."),
        _ => new(TransportError.Other, $"{address} cannot be listened on: {Marshal.GetPInvokeErrorMessage(error)}.", error),
    };

    private static TransportException NoPermission(Address address, SocketException error) => NotAvailable(
        address is { HasPort: true, Port: > 0 and < FirstUnprivilegedPort }
            ? $"{address} needs a right this user lacks: ports below {FirstUnprivilegedPort} belong to the system. Choose a higher port, "
                + "or have systemd open the socket and listen on systemd:."
            : $"{address} cannot be listened on: permission denied.", error);
}
