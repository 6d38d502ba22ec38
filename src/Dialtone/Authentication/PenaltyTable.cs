using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>Who is kept out of a server, and until when. One per server, shared by its listeners; safe for many threads.</summary>
/// <remarks>IPv4 counts by address, IPv6 by /64 (one subscriber's share), IPv4-mapped IPv6 as the IPv4 it is.
/// Callers without an address (Unix sockets) are never kept out.</remarks>
public sealed class PenaltyTable
{
    private readonly PenaltyOptions _options;
    private readonly TimeProvider _time;
    private readonly PenaltyFamily _v4;
    private readonly PenaltyFamily _v6;

    /// <summary>An empty table.</summary>
    public PenaltyTable(PenaltyOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new PenaltyOptions();
        _time = time ?? TimeProvider.System;
        _v4 = new PenaltyFamily(_options);
        _v6 = new PenaltyFamily(_options);
    }

    /// <summary>Addresses and /64 networks remembered now.</summary>
    public int Count => _v4.Count + _v6.Count;

    /// <summary>Whether a caller from this address is to be refused at once. False for null.</summary>
    public bool IsRefused(IPAddress? address) =>
        address is not null && Count > 0 && !IsExempt(address) && Family(address, out ulong key).IsRefused(key, Now());

    /// <summary>Hears of every charge; null where nobody asks.</summary>
    internal Action<IPAddress, Penalty>? Charged { get; set; }

    /// <summary>Adds a penalty to an address. Does nothing for null and for exempt addresses.</summary>
    /// <returns>Whether the address is kept out from now on.</returns>
    public bool Charge(IPAddress? address, Penalty penalty)
    {
        TimeSpan cost = _options.Of(penalty);
        if (address is not null)
            Charged?.Invoke(address, penalty);
        return address is not null && cost > TimeSpan.Zero && !IsExempt(address)
            && Family(address, out ulong key).Charge(key, cost, Now());
    }

    /// <summary>Forgets what an address did.</summary>
    public void Forgive(IPAddress? address)
    {
        if (address is not null)
            Family(address, out ulong key).Remove(key);
    }

    private PenaltyFamily Family(IPAddress address, out ulong key)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out _);
        bool v4 = address.AddressFamily == AddressFamily.InterNetwork;
        key = v4
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        return v4 ? _v4 : _v6;
    }

    private bool IsExempt(IPAddress address)
    {
        if (_options.Exempt.Count == 0)
            return false;
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _options.Exempt.Any(network => network.Contains(plain));
    }

    private TimeSpan Now() => _time.GetElapsedTime(0, _time.GetTimestamp());
}
