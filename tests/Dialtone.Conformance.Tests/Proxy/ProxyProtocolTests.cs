using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests;

public sealed class ProxyProtocolTests
{
    private static readonly byte[] Signature = [.. "\r\n\r\n\0\r\nQUIT\n"u8];

    public static TheoryData<EngineKind> AllEngines => Engines.All;

    public static TheoryData<EngineKind, string, string> GoodHeaders => new(
        from engine in Engines.All.Select(row => row.Data)
        from header in new (string, string)[]
        {
            (Hex("PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n"), "192.0.2.1:4711"),
            (Hex("PROXY TCP6 2001:db8::1 ::1 65535 443\r\n"), "[2001:db8::1]:65535"),
            (Hex("PROXY UNKNOWN\r\n"), "127.0.0.1"),
            (Hex("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), "127.0.0.1"),
            (Binary(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 7, 0x12, 0x67, 0, 80]), "192.0.2.1:4711"),
            (Binary(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 7, 0x12, 0x67, 0, 80, 4, 0, 2, 1, 2]), "192.0.2.1:4711"), // with a TLV
            (Binary(0x21, 0x21, [.. IPAddress.Parse("2001:db8::1").GetAddressBytes(), .. new byte[16], 0, 9, 0, 80]), "[2001:db8::1]:9"),
            (Binary(0x20, 0x00, []), "127.0.0.1"),
            (Binary(0x20, 0x11, [1, 2, 3]), "127.0.0.1"), // LOCAL: addresses mean nothing
            (Binary(0x21, 0x31, new byte[216]), "127.0.0.1"),
        }
        select (engine, header.Item1, header.Item2));

    public static TheoryData<string> BadHeaders => new(
    [
        Hex("hello, world!"),
        Hex("PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\n"),
        Hex("PROXY TCP4 192.0.2.1 198.51.100.7 4711\r\n"),
        Hex("PROXY TCP4 192.0.2.1 198.51.100.7 65536 80\r\n"),
        Hex("PROXY TCP4 192.0.2.1 198.51.100.7 -1 80\r\n"),
        Hex("PROXY TCP4 1.2 198.51.100.7 1 80\r\n"),
        Hex("PROXY TCP4 ::1 ::1 1 80\r\n"),
        Hex("PROXY TCP6 192.0.2.1 ::1 1 80\r\n"),
        Hex("PROXY UDP4 192.0.2.1 198.51.100.7 4711 80\r\n"),
        Hex("PROXY  TCP4 192.0.2.1 198.51.100.7 4711 80\r\n"),
        Hex("PROXY TCP4 " + new string('1', 100) + "\r\n"),
        Hex("PROXY TCP4 192.0."),
        Binary(0x21, 0x11, [1, 2, 3]),
        Binary(0x22, 0x11, new byte[12]),
        Binary(0x31, 0x11, new byte[12]),
        Binary(0x21, 0x44, new byte[12]),
        Convert.ToHexString([.. Signature, 0x21, 0x11, 0xFF, 0xFF]),
        Convert.ToHexString([.. Signature, 0x21]),
        Convert.ToHexString(Signature[..6]),
    ]);

    [Theory, MemberData(nameof(GoodHeaders))]
    public async Task A_trusted_proxys_header_gives_the_callers_address(EngineKind engine, string header, string caller)
    {
        await using Server server = await StartAsync(engine, "127.0.0.0/8");
        byte[] bytes = [.. Convert.FromHexString(header), .. "PROXY is what I say"u8];
        // All in one piece, and byte by byte: nothing behind the header is lost or taken for part of it.
        Assert.Equal($"{caller} PROXY is what I say", await SayAsync(server, bytes, pieces: 1, caller));
        Assert.Equal($"{caller} PROXY is what I say", await SayAsync(server, bytes, pieces: bytes.Length, caller));
    }

    [Theory, MemberData(nameof(BadHeaders))]
    public async Task A_trusted_proxy_without_a_good_header_is_closed(string header)
    {
        await using Server server = await StartAsync(EngineKind.Auto, "127.0.0.1");
        Assert.Equal("", await SayAsync(server, Convert.FromHexString(header), 1, "", half: true));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task From_anybody_else_a_header_is_just_bytes(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, "10.0.0.0/8");
        string answer = await SayAsync(server, "PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n"u8.ToArray(), 1, "127.0.0.1");
        Assert.Equal("127.0.0.1 PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n", answer);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_header_that_never_ends_is_bounded_by_the_handshakes_time(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, "127.0.0.1", new ServerLimits { Handshake = TimeSpan.FromMilliseconds(200) });
        Assert.Equal("", await SayAsync(server, "PROXY TC"u8.ToArray(), 1, ""));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Behind_a_proxy_each_caller_counts_for_itself_and_the_proxy_for_none(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, "127.0.0.1", new ServerLimits { MaxPerAddress = 2 });
        using Socket one = await CallAsync(server, "192.0.2.1"), two = await CallAsync(server, "192.0.2.1"), other = await CallAsync(server, "192.0.2.2");
        Assert.Equal("192.0.2.1:1 ", await HearAsync(one));
        Assert.Equal("192.0.2.1:1 ", await HearAsync(two));
        Assert.Equal("192.0.2.2:1 ", await HearAsync(other)); // the third of its proxy
        using (Socket refused = await CallAsync(server, "192.0.2.1"))
            Assert.Equal("", await HearAsync(refused));

        one.Dispose();
        await Eventually.TrueAsync(() => server.ActiveConnections == 2, "one has left");
        using Socket next = await CallAsync(server, "192.0.2.1");
        Assert.Equal("192.0.2.1:1 ", await HearAsync(next));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_penalty_keeps_out_the_caller_behind_a_proxy_and_no_other(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, "127.0.0.1");
        Assert.True(server.Penalties.Charge(IPAddress.Parse("192.0.2.1"), Penalty.Crashed));
        Assert.True(server.Penalties.Charge(IPAddress.Loopback, Penalty.Crashed)); // keeping a proxy out would keep everybody out
        using (Socket refused = await CallAsync(server, "192.0.2.1"))
            Assert.Equal("", await HearAsync(refused));
        using Socket other = await CallAsync(server, "192.0.2.2");
        Assert.Equal("192.0.2.2:1 ", await HearAsync(other));
    }

    [Fact]
    public async Task TLS_begins_right_behind_the_header()
    {
        using var authority = new TestAuthority();
        await using Server server = await Servers.StartAsync(
            new ServerOptions
            {
                Listen = ["tls://127.0.0.1:0"],
                TrustedProxies = ["127.0.0.1"],
                Tls = new TlsServerOptions { Certificate = authority.Issue("localhost") },
            },
            AnswerAsync);
        using Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(server.Addresses[0]));
        await socket.SendAsync("PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n"u8.ToArray());
        using var tls = new System.Net.Security.SslStream(new NetworkStream(socket), false, CertificateTrust.NoneWhichIsInsecure.For("localhost", 1).Validate);
        await tls.AuthenticateAsClientAsync("localhost").WaitAsync(Servers.Patience);
        await tls.WriteAsync("hello"u8.ToArray());
        var buffer = new byte[64];
        int count = await tls.ReadAsync(buffer).AsTask().WaitAsync(Servers.Patience);
        Assert.StartsWith("192.0.2.1:4711", Encoding.UTF8.GetString(buffer, 0, count), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.5/8", "did you mean 10.0.0.0/8")]
    [InlineData("10.0.0.0/33", "0 to 32 bits")]
    [InlineData("fd00::1/64", "did you mean fd00::/64")]
    [InlineData("proxy", "is no network")]
    public async Task Networks_that_are_none_are_refused_at_start(string network, string message)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(EngineKind.Auto, network));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static Task<Server> StartAsync(EngineKind engine, string trusted, ServerLimits? limits = null) => Servers.StartAsync(
        new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Engine = engine, TrustedProxies = [trusted], Limits = limits ?? new ServerLimits() }, AnswerAsync);

    /// <summary>Tells the caller who it is and what it said.</summary>
    private static async Task AnswerAsync(Connection connection)
    {
        await connection.SendAsync(Encoding.UTF8.GetBytes(connection.RemoteEndPoint + " "));
        await Servers.EchoAsync(connection);
    }

    private static async Task<Socket> CallAsync(Server server, string source)
    {
        Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(server.Addresses[0]));
        await socket.SendAsync(Encoding.ASCII.GetBytes($"PROXY TCP4 {source} 198.51.100.7 1 80\r\n"));
        return socket;
    }

    /// <summary>What the server says next, or nothing once it has closed.</summary>
    private static async Task<string> HearAsync(Socket socket)
    {
        var buffer = new byte[64];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Servers.Patience));
    }

    private static async Task<string> SayAsync(Server server, byte[] bytes, int pieces, string caller, bool half = false)
    {
        using Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(server.Addresses[0]));
        socket.NoDelay = true;
        int size = (bytes.Length + pieces - 1) / pieces;
        for (int at = 0; at < bytes.Length; at += size)
            await socket.SendAsync(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        if (half || caller.Length > 0)
            socket.Shutdown(SocketShutdown.Send);
        var received = new List<byte>();
        var buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Servers.Patience) is > 0 and int count)
                received.AddRange(buffer.AsSpan(0, count));
        }
        catch (SocketException)
        {
            // A refusal over unread input is a reset.
        }

        string text = Encoding.UTF8.GetString([.. received]);
        // The proxy's own address has a port of the system's choice.
        return caller == "127.0.0.1" ? text.Replace(socket.LocalEndPoint!.ToString()!, "127.0.0.1", StringComparison.Ordinal) : text;
    }

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));

    private static string Binary(byte command, byte family, byte[] addresses) =>
        Convert.ToHexString([.. Signature, command, family, (byte)(addresses.Length >> 8), (byte)addresses.Length, .. addresses]);
}
