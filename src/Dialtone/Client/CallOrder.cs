using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>Which addresses a host's name stands for, and in which order they are called.</summary>
internal static class CallOrder
{
    public static async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(Address address, IPAddress? source, CancellationToken cancellationToken)
    {
        IPAddress[] hosts = await LookUpAsync(address, cancellationToken).ConfigureAwait(false);
        IPEndPoint[] order = [.. Interleave(hosts).Where(host => source is null || host.AddressFamily == source.AddressFamily)
            .Select(host => new IPEndPoint(host, address.Port))];
        return order.Length > 0 ? order
            : throw new TransportException(TransportError.AddressNotAvailable, $"{address} has no address of the family of {source}.");
    }

    private static async Task<IPAddress[]> LookUpAsync(Address address, CancellationToken cancellationToken)
    {
        string host = address.Host!;
        if (host is "*" or "localhost")
            return Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            return ip.Equals(IPAddress.Any) ? [IPAddress.Loopback]
                : ip.Equals(IPAddress.IPv6Any) ? [IPAddress.IPv6Loopback]
                : [ip];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new TransportException(TransportError.HostNotFound, $"{address} cannot be called: the name {host} is not known.", e);
        }
    }

    /// <summary>RFC 8305 §4: the system's first choice first, then the families in turn, so that one that is broken costs one attempt.</summary>
    internal static IEnumerable<IPAddress> Interleave(IReadOnlyList<IPAddress> hosts)
    {
        if (hosts.Count == 0)
            yield break;
        AddressFamily first = hosts[0].AddressFamily;
        IPAddress[] preferred = [.. hosts.Where(host => host.AddressFamily == first).Distinct()];
        IPAddress[] others = [.. hosts.Where(host => host.AddressFamily != first).Distinct()];
        for (int i = 0; i < Math.Max(preferred.Length, others.Length); i++)
        {
            if (i < preferred.Length)
                yield return preferred[i];
            if (i < others.Length)
                yield return others[i];
        }
    }
}
