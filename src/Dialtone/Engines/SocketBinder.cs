using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>Turns addresses into sockets that listen.</summary>
internal static class SocketBinder
{
    /// <summary>Binds every address before any of them listens, so that nobody is answered by a server that then fails to start.</summary>
    /// <returns>For each address its sockets: several for a host name with several addresses, none for <c>memory:</c>.</returns>
    /// <exception cref="TransportException">An address cannot be bound; everything bound before it is closed again.</exception>
    /// <exception cref="PlatformNotSupportedException">A kind of address or option this system does not have.</exception>
    public static IReadOnlyList<IReadOnlyList<BoundSocket>> Bind(IReadOnlyList<Address> addresses, ListenOptions options)
    {
        var bound = new List<IReadOnlyList<BoundSocket>>();
        using var folders = new FolderLocks();
        try
        {
            foreach (Address address in addresses)
                bound.Add(BindOne(address, options, folders));
            foreach (BoundSocket socket in bound.SelectMany(static sockets => sockets))
                Listen(socket, options.Backlog);
            return bound;
        }
        catch
        {
            foreach (BoundSocket socket in bound.SelectMany(static sockets => sockets))
                socket.Dispose();
            throw;
        }
    }

    private static IReadOnlyList<BoundSocket> BindOne(Address address, ListenOptions options, FolderLocks folders) => address.Scheme switch
    {
        AddressScheme.Memory => [],
        AddressScheme.Descriptor when address.Descriptor < 0 => InheritedSockets.FromSystemd(address),
        AddressScheme.Descriptor => [InheritedSockets.Take(address.Descriptor, address)],
        _ when address.IsUnix => [UnixBinder.Bind(address, folders)],
        _ => IpBinder.Bind(address, options),
    };

    private static void Listen(BoundSocket socket, int backlog)
    {
        if (socket.IsDatagram || socket.IsInherited)
            return;
        try
        {
            socket.Socket.Listen(backlog);
        }
        catch (SocketException e)
        {
            // With SO_REUSEADDR two sockets may be bound to a port as long as neither listens: it shows only here.
            throw BindError.From(socket.Address, e);
        }
    }
}
