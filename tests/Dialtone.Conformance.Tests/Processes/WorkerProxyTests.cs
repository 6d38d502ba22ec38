using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>TLS and the PROXY protocol are the worker's to speak; whom they let in is the parent's to say.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerProxyTests : IDisposable
{
    private const string Anybody = "PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n";

    private readonly SocketFolder _folder = new();

    [Fact]
    public async Task A_worker_speaks_TLS_with_the_servers_certificate()
    {
        await using Server server = await StartAsync("tls://127.0.0.1:0", "echo", $"tls={WriteCertificate()}");
        await using Connection connection = await DialTlsAsync(server.Addresses[0]);
        await connection.SendAsync("hello"u8.ToArray());
        var answer = new byte[5];
        await connection.Stream.ReadExactlyAsync(answer).AsTask().WaitAsync(WorkerProgram.Patience);
        Assert.Equal("hello"u8.ToArray(), answer);
    }

    [Fact]
    public async Task TLS_begins_right_behind_the_proxys_header_in_a_worker_too()
    {
        await using Server server = await StartAsync("tls://127.0.0.1:0", "orders", $"tls={WriteCertificate()}", "proxy=127.0.0.1");
        using Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(server.Addresses[0]));
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(Anybody));
        using var tls = new SslStream(new NetworkStream(socket), false, CertificateTrust.NoneWhichIsInsecure.For("localhost", 1).Validate);
        await tls.AuthenticateAsClientAsync("localhost").WaitAsync(WorkerProgram.Patience);
        await tls.WriteAsync("id\n"u8.ToArray());
        using var reader = new StreamReader(tls);
        Assert.Contains(" 192.0.2.1:4711 ", await reader.ReadLineAsync().WaitAsync(WorkerProgram.Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_parent_counts_the_callers_behind_a_proxy_and_not_the_proxy()
    {
        await using Server server = await StartAsync("tcp://127.0.0.1:0", "orders", "proxy=127.0.0.1");
        using Caller one = await CallAsync(server, Anybody);
        Assert.Contains(" 192.0.2.1:4711 ", await one.AskAsync("id"), StringComparison.Ordinal);
        using (Caller tooMany = await CallAsync(server, Anybody))
            Assert.Null(await tooMany.AskAsync("id"));
        using Caller other = await CallAsync(server, "PROXY TCP4 192.0.2.2 198.51.100.7 1 80\r\n");
        Assert.Contains(" 192.0.2.2:1 ", await other.AskAsync("id"), StringComparison.Ordinal);
        one.Dispose();
        await WorkerProgram.UntilAsync(() => server.ActiveConnections == 1, "one has left");
        using Caller again = await CallAsync(server, Anybody);
        Assert.NotNull(await again.AskAsync("id"));
    }

    [Fact]
    public async Task A_penalty_keeps_out_the_caller_behind_a_proxy_whose_worker_crashed()
    {
        await using Server server = await StartAsync("tcp://127.0.0.1:0", "orders", "proxy=127.0.0.1");
        using (Caller crasher = await CallAsync(server, Anybody))
            Assert.Null(await crasher.AskAsync("crash"));
        await WorkerProgram.UntilAsync(() => server.Penalties.IsRefused(IPAddress.Parse("192.0.2.1")), "the caller is charged");
        Assert.False(server.Penalties.IsRefused(IPAddress.Loopback));
        using (Caller refused = await CallAsync(server, Anybody))
            Assert.Null(await refused.AskAsync("id"));
        using Caller other = await CallAsync(server, "PROXY TCP6 2001:db8::1 ::1 9 80\r\n");
        Assert.Contains(" [2001:db8::1]:9 ", await other.AskAsync("id"), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<Server> StartAsync(Address listen, string handler, params string[] settings)
    {
        string[] proxies = [.. settings.Where(static each => each.StartsWith("proxy=", StringComparison.Ordinal)).Select(static each => each[6..])];
        return await WorkerProgram.StartAsync(handler, new ServerOptions
        {
            Listen = [listen],
            Concurrency = WorkerProgram.Policy(handler, settings: settings),
            TrustedProxies = proxies,
            Limits = new ServerLimits { MaxPerAddress = 1 },
            // The parent never speaks TLS, but starts only with a certificate to show.
            Tls = listen.IsTls ? new TlsServerOptions { CertificateFile = settings[0][4..], KeyFile = settings[0][4..] } : null,
        });
    }

    private static async Task<Caller> CallAsync(Server server, string header)
    {
        Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        await caller.SayAsync(header[..^1]);
        return caller;
    }

    private static Task<Connection> DialTlsAsync(Address address) =>
        Dialer.ConnectAsync(address, new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } });

    private string WriteCertificate()
    {
        using var authority = new TestAuthority();
        TestAuthority.Write(authority.Issue("localhost"), _folder["crt"], _folder["key"]);
        File.AppendAllText(_folder["key"], "\n" + File.ReadAllText(_folder["crt"]));
        return _folder["key"];
    }
}
