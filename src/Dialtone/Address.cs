using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Dialtone;

/// <summary>How an <see cref="Address"/> is reached.</summary>
public enum AddressScheme
{
    /// <summary><c>tcp://host:port</c>, a TCP byte stream.</summary>
    Tcp,

    /// <summary><c>tls://host:port</c>, TLS over TCP.</summary>
    Tls,

    /// <summary><c>udp://host:port</c>, UDP datagrams.</summary>
    Udp,

    /// <summary><c>unix:///path</c>, a Unix byte stream (SOCK_STREAM).</summary>
    Unix,

    /// <summary><c>unixgram:///path</c>, Unix datagrams (SOCK_DGRAM).</summary>
    UnixDatagram,

    /// <summary><c>unixseq:///path</c>, Unix connections that keep message boundaries (SOCK_SEQPACKET; Linux).</summary>
    UnixSequenced,

    /// <summary><c>fd:N</c>, a socket inherited from the parent process or from systemd.</summary>
    Descriptor,

    /// <summary><c>memory:name</c>, connections inside this process, for tests.</summary>
    Memory,
}

/// <summary>
/// Where a server listens or a client calls, as a string an operator can type:
/// <c>tcp://127.0.0.1:9000</c>, <c>tcp://*:9000</c> (every IPv4 and IPv6 address), <c>tls://[::1]:9443</c>,
/// <c>udp://0.0.0.0:9000</c>, <c>unix:///run/app.sock?mode=0660</c>, <c>unixgram:///run/app.sock</c>,
/// <c>unixseq:///run/app.sock</c>, <c>fd:3</c>, <c>systemd:</c>, <c>memory:name</c>.
/// </summary>
/// <remarks>Port 0 lets the system choose; the bound address tells which. <c>unix://@name</c> is Linux's abstract namespace.</remarks>
public sealed record Address : ISpanParsable<Address>
{
    private const int MaxUnixPathBytes = 107; // sun_path is 108 bytes with its final NUL: unix(7)

    private Address(AddressScheme scheme) => Scheme = scheme;

    /// <summary>The kind of address.</summary>
    public AddressScheme Scheme { get; private init; }

    /// <summary>The host for TCP, TLS and UDP: a name, an IP address without brackets, or <c>*</c> for every address of both families.</summary>
    public string? Host { get; init; }

    /// <summary>The port for TCP, TLS and UDP, 0 to 65535; 0 lets the system choose.</summary>
    public int Port { get; init => field = Require.InRange(value, 0, 65_535); }

    /// <summary>The path of a Unix socket; a leading <c>@</c> means Linux's abstract namespace.</summary>
    public string? Path { get; init; }

    /// <summary>The file mode of a Unix socket, in force before the first caller can connect. Default: owner only (0600).</summary>
    public UnixFileMode? Mode { get; init; }

    /// <summary>The number after <c>fd:</c>, or −1 for <c>systemd:</c> (every socket that systemd passed).</summary>
    public int Descriptor { get; init; }

    /// <summary>The name after <c>memory:</c>, or after <c>systemd:</c> (a FileDescriptorName=).</summary>
    public string? Name { get; init; }

    /// <summary>Whether TLS is spoken: <c>tls://</c>, or <c>?tls=true</c> on <c>fd:</c> and <c>unix://</c>.</summary>
    public bool IsTls { get; init; }

    /// <summary>Whether datagrams are exchanged rather than connections. For <c>fd:</c> known only once listening.</summary>
    public bool IsDatagram => Scheme is AddressScheme.Udp or AddressScheme.UnixDatagram;

    /// <summary>Whether only this machine can reach the address.</summary>
    public bool IsLocal => Scheme is not (AddressScheme.Tcp or AddressScheme.Tls or AddressScheme.Udp)
        || Host == "localhost" || (IPAddress.TryParse(Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    internal bool IsUnix => Scheme is AddressScheme.Unix or AddressScheme.UnixDatagram or AddressScheme.UnixSequenced;

    internal bool HasPort => Scheme is AddressScheme.Tcp or AddressScheme.Tls or AddressScheme.Udp;

    /// <summary>Makes a TCP address.</summary>
    public static Address Tcp(string host, int port) => new(AddressScheme.Tcp) { Host = host, Port = port };

    /// <summary>Makes a UDP address.</summary>
    public static Address Udp(string host, int port) => new(AddressScheme.Udp) { Host = host, Port = port };

    /// <summary>Makes the address of a Unix stream socket.</summary>
    public static Address Unix(string path) => new(AddressScheme.Unix) { Path = path };

    /// <summary>Makes an in-process address.</summary>
    public static Address Memory(string name) => new(AddressScheme.Memory) { Name = name };

    internal static Address Inherited(int descriptor, bool tls) => new(AddressScheme.Descriptor) { Descriptor = descriptor, IsTls = tls };

    /// <summary>Reads an address; the exception says what is wrong with it.</summary>
    /// <exception cref="FormatException">The text is not an address.</exception>
    public static Address Parse(string text) =>
        TryParse(text, out Address? address, out string? problem) ? address : throw new FormatException(problem);

    /// <summary>Reads an address, or says what is wrong with the text.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Address? address, [NotNullWhen(false)] out string? problem)
    {
        address = null;
        string? complaint = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "An address is needed, such as tcp://127.0.0.1:9000.";
            return false;
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : text[..colon];
        string rest = colon < 0 ? "" : text[(colon + 1)..];
        string query = "";
        if (rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and int mark)
            (rest, query) = (rest[..mark], rest[(mark + 1)..]);

        Address? parsed = scheme switch
        {
            "tcp" => HostAndPort(AddressScheme.Tcp),
            "tls" => HostAndPort(AddressScheme.Tls),
            "udp" => HostAndPort(AddressScheme.Udp),
            "unix" => UnixPath(AddressScheme.Unix),
            "unixgram" => UnixPath(AddressScheme.UnixDatagram),
            "unixseq" => UnixPath(AddressScheme.UnixSequenced),
            "fd" => int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
                ? new Address(AddressScheme.Descriptor) { Descriptor = fd } : null,
            "systemd" => new Address(AddressScheme.Descriptor) { Descriptor = -1, Name = rest.Length == 0 ? null : rest },
            "memory" when rest.Length > 0 => new Address(AddressScheme.Memory) { Name = rest },
            _ => null,
        };
        if (parsed is null)
        {
            problem = complaint ?? $"'{text}' is not an address; write tcp://host:port, tls://host:port, udp://host:port, unix:///path, "
                + "unixgram:///path, unixseq:///path, fd:N, systemd: or memory:name.";
            return false;
        }

        foreach (string option in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.StartsWith("mode=", StringComparison.Ordinal) && parsed.IsUnix && TryParseMode(option[5..], out UnixFileMode mode))
            {
                parsed = parsed with { Mode = mode };
            }
            else if (option is "tls=true" && parsed.Scheme is AddressScheme.Unix or AddressScheme.Descriptor)
            {
                parsed = parsed with { IsTls = true };
            }
            else
            {
                problem = $"'{text}' has an option that does not belong here: '{option}'. Unix addresses take mode=0660, fd: and unix:// take tls=true.";
                return false;
            }
        }

        address = parsed;
        problem = null;
        return true;

        Address? HostAndPort(AddressScheme kind)
        {
            string authority = rest.StartsWith("//", StringComparison.Ordinal) ? rest[2..].TrimEnd('/') : "";
            int last = authority.LastIndexOf(':');
            if (last < 0 || !int.TryParse(authority[(last + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535)
                return null;
            string host = authority[..last];
            if (host.StartsWith('[') && host.EndsWith(']'))
            {
                host = host[1..^1];
                if (!IPAddress.TryParse(host, out _))
                    return null;
            }
            else if (host.Contains(':', StringComparison.Ordinal))
            {
                complaint = IPAddress.TryParse(host, out _) ? $"'{text}' names an IPv6 address without brackets; write {scheme}://[{host}]:{port}."
                    : IPAddress.TryParse(authority, out _) ? $"'{text}' names an IPv6 address without brackets; write {scheme}://[{authority}]:PORT."
                    : $"'{text}' has more than one ':' behind its host; write {scheme}://HOST:PORT.";
                return null;
            }

            return new Address(kind) { Host = host.Length == 0 ? "*" : host, Port = port, IsTls = kind == AddressScheme.Tls };
        }

        Address? UnixPath(AddressScheme kind)
        {
            string path = rest.StartsWith("//", StringComparison.Ordinal) ? rest[2..] : rest;
            if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
                return null;
            if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxUnixPathBytes)
            {
                complaint = $"The path of a Unix socket holds at most {MaxUnixPathBytes} bytes; '{path}' is longer.";
                return null;
            }

            return new Address(kind) { Path = path };
        }
    }

    private static bool TryParseMode(string octal, out UnixFileMode mode)
    {
        mode = 0;
        if (octal.Length is < 3 or > 4)
            return false;
        int bits = 0;
        foreach (char digit in octal)
        {
            if (digit is < '0' or > '7')
                return false;
            bits = (bits * 8) + (digit - '0');
        }

        mode = (UnixFileMode)bits;
        return bits <= 0x1FF;
    }

    /// <summary>Writes the address as a caller would dial it: without the options that concern only its listener.</summary>
    public override string ToString() => Scheme switch
    {
        AddressScheme.Tcp => $"tcp://{Bracketed(Host!)}:{Port}",
        AddressScheme.Tls => $"tls://{Bracketed(Host!)}:{Port}",
        AddressScheme.Udp => $"udp://{Bracketed(Host!)}:{Port}",
        AddressScheme.Unix => $"unix://{Path}",
        AddressScheme.UnixDatagram => $"unixgram://{Path}",
        AddressScheme.UnixSequenced => $"unixseq://{Path}",
        AddressScheme.Descriptor => Descriptor < 0 ? $"systemd:{Name}" : $"fd:{Descriptor}",
        _ => $"memory:{Name}",
    };

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    /// <summary>Reads an address from a string.</summary>
    public static implicit operator Address(string text) => Parse(text);

    static Address IParsable<Address>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<Address>.TryParse(string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out Address result) =>
        TryParse(s, out result, out _);

    static Address ISpanParsable<Address>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s.ToString());

    static bool ISpanParsable<Address>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [MaybeNullWhen(false)] out Address result) =>
        TryParse(s.ToString(), out result, out _);
}
