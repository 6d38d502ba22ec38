using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>What limits per address count by: an IPv4 address (also when mapped into IPv6), or an IPv6 /64, since a host owns at least that much.</summary>
public readonly record struct AddressRange
{
    private readonly UInt128 _bits;

    private AddressRange(UInt128 bits) => _bits = bits;

    /// <summary>Whether there is no IP address to count by, as with Unix sockets.</summary>
    public bool IsNone => _bits == 0;

    /// <summary>The range an address lies in; <see cref="IsNone"/> for what is no IP address.</summary>
    public static AddressRange Of(EndPoint? endPoint) => PeerKey.From(endPoint) is { IsNone: false } key ? new AddressRange(key.Range) : default;
}
