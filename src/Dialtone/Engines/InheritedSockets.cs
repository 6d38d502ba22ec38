using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>Sockets that the parent process or systemd opened for us.</summary>
internal static class InheritedSockets
{
    /// <summary>Takes over one descriptor; what kind of socket it is, it says itself.</summary>
    public static BoundSocket Take(int descriptor, Address address)
    {
        ThrowUnlessLinux(address);
        int type = GetOption(descriptor, SOL_SOCKET, SO_TYPE);
        if (type < 0)
            throw BindError.NotAvailable($"{address} cannot be listened on: descriptor {descriptor} is {WhatElse(descriptor)}.");
        if (type != SOCK_DGRAM && GetOption(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 1)
            throw BindError.NotAvailable($"{address} cannot be listened on: descriptor {descriptor} is a socket that does not listen.");
        if (type is not (SOCK_STREAM or SOCK_DGRAM or SOCK_SEQPACKET))
            throw BindError.NotAvailable($"{address} cannot be listened on: descriptor {descriptor} is a socket of another kind.");

        // Programs this one starts must not inherit it in turn.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        return new BoundSocket(socket, NameOf(descriptor, type, address), null) { IsInherited = true };
    }

    /// <summary>Takes over the sockets that systemd passed: all of them, or those with the address's name.</summary>
    public static IReadOnlyList<BoundSocket> FromSystemd(Address address)
    {
        ThrowUnlessLinux(address);
        IReadOnlyList<int> descriptors = SystemdSockets.OfThisProcess.Take(address.Name);
        if (descriptors.Count == 0)
        {
            throw BindError.NotAvailable(address.Name is null
                ? $"{address} cannot be listened on: systemd passed no sockets to this process (LISTEN_PID and LISTEN_FDS are not set for it)."
                : $"{address} cannot be listened on: systemd passed no socket with FileDescriptorName={address.Name}.");
        }

        var taken = new List<BoundSocket>(descriptors.Count);
        try
        {
            foreach (int descriptor in descriptors)
                taken.Add(Take(descriptor, address));
            return taken;
        }
        catch
        {
            foreach (BoundSocket socket in taken)
                socket.Dispose();
            throw;
        }
    }

    private static string WhatElse(int descriptor) => fcntl(descriptor, F_GETFD, 0) < 0
        ? "not open" : "no socket";

    private static Address NameOf(int descriptor, int type, Address asked) => UnixSockets.GetName(descriptor, peer: false) switch
    {
        IPEndPoint ip when type == SOCK_DGRAM => Address.Udp(HostOf(ip), ip.Port),
        IPEndPoint ip when asked.IsTls => Address.Parse($"tls://{Bracketed(ip)}:{ip.Port}"),
        IPEndPoint ip => Address.Tcp(HostOf(ip), ip.Port),
        UnixDomainSocketEndPoint unix => Address.Parse($"{SchemeOf(type)}://{unix.ToString()!.Replace('\0', '@')}") with { IsTls = asked.IsTls },
        _ => asked with { Descriptor = descriptor },
    };

    private static string HostOf(IPEndPoint ip) => ip.Address.Equals(IPAddress.IPv6Any) ? "*" : ip.Address.ToString();

    private static string Bracketed(IPEndPoint ip) => HostOf(ip) is var host && host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    private static string SchemeOf(int type) => type switch
    {
        SOCK_DGRAM => "unixgram",
        SOCK_SEQPACKET => "unixseq",
        _ => "unix",
    };

    private static void ThrowUnlessLinux(Address address)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException($"{address} needs Linux.");
    }
}
