using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>A peer's IP address and port as plain numbers: what limits count by, without an object per connection.</summary>
internal readonly record struct PeerKey
{
    private readonly ulong _upper;
    private readonly ulong _lower;
    private readonly uint _scope;

    public PeerKey(UInt128 bits, ushort port, bool isV6, uint scope)
    {
        (_upper, _lower, _scope) = ((ulong)(bits >> 64), (ulong)bits, scope);
        (Port, IsV6) = (port, isV6);
    }

    public ushort Port { get; }

    public bool IsV6 { get; }

    private UInt128 Bits => new(_upper, _lower);

    public static PeerKey None => default;

    public bool IsNone => Bits == 0 && Port == 0;

    /// <summary>The address alone: IPv4 whole (also when mapped into IPv6), IPv6 by its /64, since a host owns at least that much.</summary>
    public UInt128 Range => IsV6 && !IsMapped ? Bits >> 64 << 64 : V4Bits;

    private bool IsMapped => IsV6 && Bits >> 32 == 0xFFFF;

    private UInt128 V4Bits => (Bits & 0xFFFF_FFFF) | ((UInt128)0xFFFF << 32);

    public static PeerKey From(EndPoint? endPoint) => endPoint is IPEndPoint ip ? From(ip.Address, ip.Port) : None;

    public static PeerKey From(IPAddress address, int port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int written);
        return written == 4
            ? new PeerKey(BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)port, false, 0)
            : new PeerKey(BinaryPrimitives.ReadUInt128BigEndian(bytes), (ushort)port, true, (uint)address.ScopeId);
    }

    /// <summary>Reads a Linux <c>sockaddr_in</c> or <c>sockaddr_in6</c>; anything else is <see cref="None"/>.</summary>
    public static PeerKey FromSockAddr(ReadOnlySpan<byte> raw)
    {
        const ushort inet = 2, inet6 = 10;
        if (raw.Length < 8)
            return None;
        return BinaryPrimitives.ReadUInt16LittleEndian(raw) switch
        {
            inet => new PeerKey(BinaryPrimitives.ReadUInt32BigEndian(raw[4..]), BinaryPrimitives.ReadUInt16BigEndian(raw[2..]), false, 0),
            inet6 when raw.Length >= 28 => new PeerKey(
                BinaryPrimitives.ReadUInt128BigEndian(raw[8..]), BinaryPrimitives.ReadUInt16BigEndian(raw[2..]), true,
                BinaryPrimitives.ReadUInt32LittleEndian(raw[24..])),
            _ => None,
        };
    }

    public IPAddress ToAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!IsV6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Bits);
            return new IPAddress(bytes[..4]);
        }

        BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
        var address = new IPAddress(bytes, _scope);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    public EndPoint? ToEndPoint() => IsNone ? null : new IPEndPoint(ToAddress(), Port);

    public AddressFamily Family => IsV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
}
