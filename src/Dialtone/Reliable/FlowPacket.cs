using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dialtone;

// PROTOCOL.md, Reliable datagrams:
// packet  = %xFF version session number sealed tag
// version = %x01
// session = u64le                 ; what FlowKeys names
// number  = u64le                 ; of this packet in its direction, from 0; the GCM nonce is 4 zero bytes and the number, big-endian
// sealed  = *record               ; AES-256-GCM; the 18 bytes before it are the associated data
// tag     = 16OCTET
/// <summary>Seals and opens packets. The first byte is none that UTF-8 or GBK text begins with, so plain text can share the port.</summary>
internal static class FlowPacket
{
    public const byte Mark = 0xFF;
    public const byte Version = 1;
    public const int HeaderBytes = 2 + 8 + 8;
    public const int TagBytes = 16;

    /// <summary>Whether a datagram claims to be a packet, and of which session.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> packet, out ulong session, out ulong number)
    {
        bool isPacket = packet.Length >= HeaderBytes + TagBytes && packet[0] == Mark && packet[1] == Version;
        session = isPacket ? BinaryPrimitives.ReadUInt64LittleEndian(packet[2..]) : 0;
        number = isPacket ? BinaryPrimitives.ReadUInt64LittleEndian(packet[10..]) : 0;
        return isPacket;
    }

    /// <summary>Seals records that stand in <paramref name="packet"/> behind the room for the header, in place.</summary>
    /// <returns>The packet's length.</returns>
    public static int Seal(AesGcm cipher, ulong session, ulong number, Span<byte> packet, int recordBytes)
    {
        packet[0] = Mark;
        packet[1] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(packet[2..], session);
        BinaryPrimitives.WriteUInt64LittleEndian(packet[10..], number);
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce, number);
        Span<byte> records = packet.Slice(HeaderBytes, recordBytes);
        cipher.Encrypt(nonce, records, records, packet.Slice(HeaderBytes + recordBytes, TagBytes), packet[..HeaderBytes]);
        return HeaderBytes + recordBytes + TagBytes;
    }

    /// <summary>Opens a packet in place of <paramref name="records"/>, which must be as long as the packet.</summary>
    /// <returns>The length of the records, or −1 if the packet is not what its sealer sent.</returns>
    public static int Open(AesGcm cipher, ulong number, ReadOnlySpan<byte> packet, Span<byte> records)
    {
        int length = packet.Length - HeaderBytes - TagBytes;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce, number);
        try
        {
            cipher.Decrypt(nonce, packet.Slice(HeaderBytes, length), packet[^TagBytes..], records[..length], packet[..HeaderBytes]);
            return length;
        }
        catch (AuthenticationTagMismatchException)
        {
            return -1;
        }
    }

    private static void WriteNonce(Span<byte> nonce, ulong number)
    {
        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], number);
    }
}
