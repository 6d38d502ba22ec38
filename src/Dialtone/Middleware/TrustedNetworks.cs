using System.Globalization;
using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>Networks as an operator writes them: <c>10.0.0.0/8</c>, <c>192.0.2.7</c>, <c>fd00::/8</c>, and <c>unix</c> for callers over Unix sockets.</summary>
internal sealed class TrustedNetworks
{
    private readonly IPNetwork[] _networks;
    private readonly bool _unix;

    /// <exception cref="ArgumentException">One of them is not a network, or has bits set behind its prefix.</exception>
    public TrustedNetworks(IReadOnlyList<string> networks)
    {
        _unix = networks.Contains("unix");
        _networks = [.. networks.Where(static text => text != "unix").Select(Parse)];
    }

    /// <summary>Whether a peer at this address, on this listener, is one of them.</summary>
    public bool Contains(Address listener, PeerKey peer)
    {
        if (listener.IsUnix)
            return _unix;
        if (_networks.Length == 0 || peer.IsNone)
            return false;
        IPAddress address = peer.ToAddress();
        foreach (IPNetwork network in _networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    private static IPNetwork Parse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address))
            throw new ArgumentException($"'{text}' is no network; write 10.0.0.0/8, 192.0.2.7, fd00::/8 or unix.");
        int bits = address.GetAddressBytes().Length * 8;
        int length = bits;
        if (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
            throw new ArgumentException($"'{text}' is no network: a prefix has 0 to {bits} bits.");
        // IPNetwork's own check of the bits behind the prefix has come and gone with versions; a slip here would trust strangers.
        IPAddress first = FirstOf(address, length);
        return first.Equals(address) ? new IPNetwork(address, length)
            : throw new ArgumentException($"'{text}' has bits set behind its prefix; did you mean {first}/{length} or {address}?");
    }

    private static IPAddress FirstOf(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF00 >> kept);
        }

        return new IPAddress(bytes);
    }
}
