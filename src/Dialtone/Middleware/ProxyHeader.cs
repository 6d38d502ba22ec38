using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Dialtone;

// v1, text, at most 107 bytes:
//   "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP sourcePort SP destinationPort CRLF
//   "PROXY" SP "UNKNOWN" … CRLF
// v2, binary, big-endian:
//   signature:12  version:4 = 2  command:4 = 0 (LOCAL) | 1 (PROXY)  family:4  transport:4  length:u16  addresses, then TLVs: length bytes

/// <summary>The header of the PROXY protocol.</summary>
internal static class ProxyHeader
{
    /// <summary>The longest header taken; what a version 2 header may hold beyond its addresses is skipped.</summary>
    public const int MaxBytes = 4096;

    private const int MaxTextBytes = 107;
    private const int SignatureBytes = 12;
    private const int FixedBytes = 16;
    private const int StreamOverIPv4 = 0x11, StreamOverIPv6 = 0x21;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    private static ReadOnlySpan<byte> TextBegin => "PROXY "u8;

    /// <summary>How many bytes are certainly missing from a header that begins so; 0 when it is whole, or cannot be one.</summary>
    public static int Missing(ReadOnlySpan<byte> begin)
    {
        if (begin.Length < SignatureBytes)
            return IsPrefix(begin, Signature) || IsPrefix(begin, TextBegin) ? SignatureBytes - begin.Length : 0;
        if (begin.StartsWith(Signature))
        {
            if (begin.Length < FixedBytes)
                return FixedBytes - begin.Length;
            int total = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(begin[14..]);
            return total > MaxBytes ? 0 : total - begin.Length;
        }

        // Text tells its length only by its end: byte by byte, so that nothing behind it is taken.
        return begin.StartsWith(TextBegin) && begin.Length < MaxTextBytes && begin[^1] != '\n' ? 1 : 0;
    }

    /// <summary>Reads a whole header. The caller is null where the proxy speaks for itself or does not know.</summary>
    public static bool TryParse(ReadOnlySpan<byte> header, out IPEndPoint? caller)
    {
        caller = null;
        return header.StartsWith(Signature) ? TryParseBinary(header, out caller)
            : header.StartsWith(TextBegin) && header.EndsWith("\r\n"u8) && TryParseText(header[TextBegin.Length..^2], out caller);
    }

    private static bool TryParseBinary(ReadOnlySpan<byte> header, out IPEndPoint? caller)
    {
        caller = null;
        if (header.Length < FixedBytes || header.Length != FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(header[14..]))
            return false;
        ReadOnlySpan<byte> addresses = header[FixedBytes..];
        switch (header[12])
        {
            case 0x20: // LOCAL: addresses, if any, mean nothing
                return true;
            case 0x21 when header[13] == StreamOverIPv4 && addresses.Length >= 12:
                caller = new IPEndPoint(new IPAddress(addresses[..4]), BinaryPrimitives.ReadUInt16BigEndian(addresses[8..]));
                return true;
            case 0x21 when header[13] == StreamOverIPv6 && addresses.Length >= 36:
                caller = new IPEndPoint(Plain(new IPAddress(addresses[..16])), BinaryPrimitives.ReadUInt16BigEndian(addresses[32..]));
                return true;
            case 0x21: // an unspecified or Unix caller has no address to take; a short or unknown one is an error
                return header[13] is 0x00 or 0x31;
            default:
                return false;
        }
    }

    private static bool TryParseText(ReadOnlySpan<byte> line, out IPEndPoint? caller)
    {
        caller = null;
        if (line.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            return false;
        string[] fields = Encoding.ASCII.GetString(line).Split(' ');
        if (fields[0] == "UNKNOWN")
            return true;
        bool isV6 = fields[0] == "TCP6";
        if (fields.Length != 5 || (!isV6 && fields[0] != "TCP4")
            || !TryParseAddress(fields[1], isV6, out IPAddress? source) || !TryParseAddress(fields[2], isV6, out _)
            || !TryParsePort(fields[3], out ushort port) || !TryParsePort(fields[4], out _))
        {
            return false;
        }

        caller = new IPEndPoint(Plain(source), port);
        return true;
    }

    /// <summary>Only the usual spelling: IPAddress also reads 1.2 and 0x7f.1 as addresses, and fe80::1%eth0.</summary>
    private static bool TryParseAddress(string text, bool isV6, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address) && (isV6
            ? text.Contains(':', StringComparison.Ordinal) && !text.AsSpan().ContainsAny('%', '[', '/')
            : address.ToString() == text && !text.Contains(':', StringComparison.Ordinal));

    private static bool TryParsePort(string text, out ushort port) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
        && (text.Length == 1 || text[0] != '0');

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsPrefix(ReadOnlySpan<byte> begin, ReadOnlySpan<byte> whole) => whole.StartsWith(begin[..Math.Min(begin.Length, whole.Length)]);
}
