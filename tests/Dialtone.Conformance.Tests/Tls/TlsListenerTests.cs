using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Conformance.Tests;

public sealed class TlsListenerTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private X509Certificate2? _certificate;

    public static TheoryData<EngineKind> AllEngines => Engines.All;

    public static TheoryData<EngineKind, string> EnginesAndPolicies => new(
        from engine in Engines.All.Select(row => row.Data)
        from policy in (string[])["task", "inline", "thread"]
        select (engine, policy));

    private X509Certificate2 Certificate => _certificate ??= _authority.Issue("localhost");

    public void Dispose() => _authority.Dispose();

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task Both_ends_talk_over_TLS(EngineKind engine, string policy)
    {
        await using Server server = await StartAsync(engine, policy: policy);
        await using Connection call = await CallAsync(server, engine);
        Assert.Equal("hello", await DialerTests.AskAsync(call));
        Assert.NotNull(call.Tls);
        var large = new byte[1_000_000];
        Random.Shared.NextBytes(large);
        Task sending = call.SendAsync(large).AsTask();
        var back = new byte[large.Length];
        for (int at = 0; at < back.Length;)
        {
            int count = await call.ReceiveAsync(back.AsMemory(at)).AsTask().WaitAsync(Servers.Patience);
            Assert.NotEqual(0, count);
            at += count;
        }

        await sending;
        Assert.Equal(large, back);
        await call.FinishSendingAsync();
        Assert.Equal(0, await call.ReceiveAsync(back).AsTask().WaitAsync(Servers.Patience)); // the server's close_notify came before its FIN
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_caller_may_hang_up_while_another_thread_blocks_in_a_read(EngineKind engine)
    {
        await using Server server = await StartAsync(engine);
        await using Connection call = await CallAsync(server, engine, blocking: true);
        Assert.Equal("hello", await DialerTests.AskAsync(call));
        var reading = Task.Run(() => call.Input.ReadAsync().AsTask());
        await Eventually.TrueAsync(() => call.DescribeActivity() == "reading", "the other thread reads");
        await call.DisposeAsync().AsTask().SoonAsync();
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => reading).SoonAsync()).Reason);
        Assert.Equal(CloseReason.PeerClosed, await EndAsync(server));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Plain_sslstream_clients_are_served(EngineKind engine)
    {
        await using Server server = await StartAsync(engine);
        using Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
        using var tls = new SslStream(new NetworkStream(socket), false, CertificateTrust.NoneWhichIsInsecure.For("localhost", 1).Validate);
        await tls.AuthenticateAsClientAsync("localhost").WaitAsync(Servers.Patience);
        await tls.WriteAsync("hello"u8.ToArray());
        var buffer = new byte[16];
        Assert.Equal(5, await tls.ReadAsync(buffer).AsTask().WaitAsync(Servers.Patience));
        await tls.ShutdownAsync();
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await tls.ReadAsync(buffer).AsTask().WaitAsync(Servers.Patience));
        Assert.Equal(CloseReason.PeerClosed, await EndAsync(server));
    }

    [Theory, MemberData(nameof(AllEngines))] // C05, on the listener
    public async Task A_stream_cut_without_close_notify_is_not_a_clean_end(EngineKind engine)
    {
        await using Server server = await StartAsync(engine);
        using Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
        using var tls = new SslStream(new NetworkStream(socket), false, CertificateTrust.NoneWhichIsInsecure.For("localhost", 1).Validate);
        await tls.AuthenticateAsClientAsync("localhost").WaitAsync(Servers.Patience);
        await tls.WriteAsync("hello"u8.ToArray());
        _ = await tls.ReadAsync(new byte[16]).AsTask().WaitAsync(Servers.Patience);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(CloseReason.PeerReset, await EndAsync(server));
    }

    [Theory, MemberData(nameof(AllEngines))] // C07
    public async Task A_handshake_that_stalls_ends_at_its_limit(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, limits: new ServerLimits { Handshake = TimeSpan.FromMilliseconds(200) });
        using Socket silent = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
        using Socket begun = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
        await begun.SendAsync(new byte[] { 0x16, 3, 1, 2 });
        Assert.Equal(0, await silent.ReceiveAsync(new byte[1]).WaitAsync(Servers.Patience));
        Assert.Equal(0, await begun.ReceiveAsync(new byte[1]).WaitAsync(Servers.Patience));
        Assert.Equal([CloseReason.HandshakeTimeout, CloseReason.HandshakeTimeout], [await EndAsync(server), await EndAsync(server)]);
    }

    [Theory, MemberData(nameof(AllEngines))] // C08
    public async Task Bad_records_close_the_connection_and_nothing_else(EngineKind engine)
    {
        await using Server server = await StartAsync(engine);
        var random = new byte[1024];
        new Random(7).NextBytes(random);
        byte[][] attacks =
        [
            [0x16, 3, 1, 0, 0],
            [0, 1, 1, 3, 3],
            [0x16, 3, 1, 0xFF, 0xFF, .. new byte[65535]],
            [0x16, 3, 1, 0, 1, 1],
            [.. "GET / HTTP/1.1\r\n\r\n"u8],
            random,
        ];
        foreach (byte[] attack in attacks)
        {
            using Socket evil = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
            try
            {
                await evil.SendAsync(attack);
                evil.Shutdown(SocketShutdown.Send);
                var buffer = new byte[1024];
                while (await evil.ReceiveAsync(buffer).WaitAsync(Servers.Patience) > 0)
                {
                    // An alert, perhaps.
                }
            }
            catch (SocketException)
            {
                // A reset will do as well.
            }

            Assert.Equal(CloseReason.HandshakeFailed, await EndAsync(server));
        }

        await using Connection good = await CallAsync(server, engine);
        Assert.Equal("hello", await DialerTests.AskAsync(good));
    }

    [Fact] // C11
    public async Task Only_application_protocols_the_server_knows_are_agreed_on()
    {
        await using Server server = await StartAsync(EngineKind.Auto, options => options with { ApplicationProtocols = ["dialtone"] });
        await using Connection without = await CallAsync(server, EngineKind.Auto);
        Assert.Null(without.Tls!.ApplicationProtocol);
        await using Connection good = await CallAsync(server, EngineKind.Auto, options => options with { ApplicationProtocols = ["h2", "dialtone"] });
        Assert.Equal("dialtone", good.Tls!.ApplicationProtocol);
        DialResult confused = await TryCallAsync(server, options => options with { ApplicationProtocols = ["http/1.1"] });
        Assert.Equal(TransportError.HandshakeFailed, confused.Reason);
    }

    [Theory, MemberData(nameof(AllEngines))] // C13
    public async Task Client_certificates_are_required_and_verified(EngineKind engine)
    {
        using var folder = new SocketFolder();
        await File.WriteAllTextAsync(folder["ca"], _authority.Certificate.ExportCertificatePem());
        using var stranger = new TestAuthority();
        await using Server server = await StartAsync(
            engine, options => options with { ClientCertificates = ClientCertificateMode.Required, ClientAuthorityFile = folder["ca"] }, handler: WhoAsync);

        await using (Connection alex = await CallAsync(server, engine, options => options with { Key = _authority.IssueClient("alex") }))
            Assert.Equal("alex", await DialerTests.AskAsync(alex));
        foreach (X509Certificate2? key in (X509Certificate2?[])[null, _authority.IssueClient("late", days: -1), stranger.IssueClient("alex"), _authority.Issue("alex")])
            Assert.False(await IsServedAsync(server, key));
    }

    [Fact] // C13
    public async Task A_client_key_is_told_by_its_fingerprint()
    {
        using var folder = new SocketFolder();
        X509Certificate2 key = ClientKey.Create(folder["key"], "anybody");
        await using Server server = await StartAsync(
            EngineKind.Auto, options => options with { ClientCertificates = ClientCertificateMode.Allowed },
            handler: static async connection => await connection.SendAsync(
                System.Text.Encoding.UTF8.GetBytes($"{connection.User ?? "unknown"} {connection.Tls!.PeerFingerprint ?? "none"}")));
        await using Connection with = await CallAsync(server, EngineKind.Auto, options => options with { Key = key });
        Assert.Equal($"unknown {CertificateFingerprint.Of(key)}", await DialerTests.AskAsync(with));
        await using Connection without = await CallAsync(server, EngineKind.Auto);
        Assert.Equal("unknown none", await DialerTests.AskAsync(without));
    }

    [Fact] // C13
    public async Task A_callback_may_refuse_a_client_certificate()
    {
        await using Server server = await StartAsync(EngineKind.Auto, static options => options with
        {
            ClientCertificates = ClientCertificateMode.Required,
            VerifyClient = static certificate => certificate.Subject == "CN=alex",
        });
        Assert.True(await IsServedAsync(server, _authority.IssueClient("alex")));
        Assert.False(await IsServedAsync(server, _authority.IssueClient("mallory")));
    }

    [Fact] // C14
    public async Task The_client_refuses_certificates_it_has_no_reason_to_trust()
    {
        await using Server server = await StartAsync(EngineKind.Auto);
        DialResult roots = await TryCallAsync(server, static options => options with { Trust = CertificateTrust.SystemRoots });
        Assert.IsType<TrustException>(roots.Error);
        using X509Certificate2 other = _authority.Issue("localhost");
        DialResult wrongKey = await TryCallAsync(server, options => options with { Trust = CertificateTrust.Fingerprint(CertificateFingerprint.Of(other)) });
        Assert.IsType<TrustException>(wrongKey.Error);
    }

    [Fact] // C14
    public async Task A_pinned_server_that_shows_another_key_is_refused()
    {
        using var folder = new SocketFolder();
        var hosts = new KnownHosts(folder["known"]);
        Address address;
        await using (Server server = await StartAsync(EngineKind.Auto))
        {
            address = server.Addresses[0];
            for (int i = 0; i < 2; i++)
                await using (await CallAsync(server, EngineKind.Auto, options => options with { Trust = CertificateTrust.PinOnFirstUse(hosts) }))
                {
                }
        }

        _certificate = _authority.Issue("localhost");
        await using Server changed = await StartAsync(EngineKind.Auto, listen: address);
        DialResult result = await TryCallAsync(changed, options => options with { Trust = CertificateTrust.PinOnFirstUse(hosts) });
        Assert.Contains("has changed", Assert.IsType<TrustException>(result.Error).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllEngines))] // C15
    public async Task New_certificate_files_are_used_by_new_callers_and_broken_ones_are_not(EngineKind engine)
    {
        using var folder = new SocketFolder();
        var time = new FakeTimeProvider();
        using X509Certificate2 first = _authority.Issue("localhost"), second = _authority.Issue("localhost");
        TestAuthority.Write(first, folder["crt"], folder["key"]);
        await using Server server = await Servers.StartAsync(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0"],
            Engine = engine,
            Time = time,
            Tls = new TlsServerOptions { CertificateFile = folder["crt"], KeyFile = folder["key"] },
        });
        await using Connection old = await CallAsync(server, engine);
        Assert.Equal(CertificateFingerprint.Of(first), old.Tls!.PeerFingerprint);

        TestAuthority.Write(second, folder["crt"], folder["key"]);
        File.SetLastWriteTimeUtc(folder["crt"], File.GetLastWriteTimeUtc(folder["crt"]).AddSeconds(5));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(CertificateFingerprint.Of(second), await ShownAsync());

        await File.WriteAllTextAsync(folder["crt"], "-----BEGIN nonsense");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(CertificateFingerprint.Of(second), await ShownAsync());
        Assert.Equal("hello", await DialerTests.AskAsync(old));

        async Task<string?> ShownAsync()
        {
            await using Connection call = await CallAsync(server, engine);
            return call.Tls!.PeerFingerprint;
        }
    }

    [Theory, MemberData(nameof(AllEngines))] // C16
    public async Task A_flood_of_unfinished_handshakes_does_not_keep_a_good_caller_out(EngineKind engine)
    {
        await using Server server = await StartAsync(engine, static options => options with { MaxHandshakes = 50 });
        var flood = new List<Socket>();
        try
        {
            for (int i = 0; i < 500; i++)
            {
                Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(Loopback(server)));
                flood.Add(socket);
                await socket.SendAsync(new byte[] { 0x16, 3, 1 });
            }

            await using Connection good = await CallAsync(server, engine).WaitAsync(TimeSpan.FromSeconds(3));
            Assert.Equal("hello", await DialerTests.AskAsync(good));
            Assert.InRange(server.ActiveConnections, 1, 60);
        }
        finally
        {
            foreach (Socket socket in flood)
                socket.Dispose();
        }
    }

    [Fact]
    public async Task A_tls_address_without_a_certificate_does_not_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Servers.StartEchoAsync(EngineKind.Auto, "tls://127.0.0.1:0"));
        Assert.Contains("ServerOptions.Tls", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Aborting_wakes_a_read_that_waits_for_TLS(EngineKind engine)
    {
        await using Server server = await StartAsync(engine);
        Connection call = await CallAsync(server, engine);
        Task<int> reading = call.ReceiveAsync(new byte[16]).AsTask();
        call.Abort();
        var error = await Assert.ThrowsAsync<TransportException>(() => reading.WaitAsync(Servers.Patience));
        Assert.Equal(TransportError.Aborted, error.Reason);
        await call.DisposeAsync();
    }

    private async Task<Server> StartAsync(
        EngineKind engine, Func<TlsServerOptions, TlsServerOptions>? change = null, ServerLimits? limits = null, string policy = "task",
        ConnectionHandler? handler = null, Address? listen = null)
    {
        var tls = new TlsServerOptions { Certificate = Certificate };
        ConnectionHandler inner = handler ?? Servers.EchoAsync;
        return await Servers.StartAsync(
            new ServerOptions
            {
                Listen = [listen ?? "tls://localhost:0"],
                Engine = engine,
                Limits = limits ?? new ServerLimits(),
                Tls = change?.Invoke(tls) ?? tls,
                Concurrency = policy switch { "inline" => Concurrency.Inline, "thread" => Concurrency.Thread(), _ => Concurrency.Task },
                Verify = connection =>
                {
                    lock (_open)
                        _open.Add(connection);
                    return new(true);
                },
            },
            inner);
    }

    private readonly List<Connection> _open = [];

    /// <summary>How the next connection ended, in the order they began.</summary>
    private async Task<CloseReason> EndAsync(Server server)
    {
        using var patience = new CancellationTokenSource(Servers.Patience);
        while (true)
        {
            lock (_open)
            {
                if (_open.Count > 0 && _open[0].CloseReason is var reason and not CloseReason.None)
                {
                    _open.RemoveAt(0);
                    return reason;
                }
            }

            await Task.Delay(5, patience.Token);
        }
    }

    private static Address Loopback(Server server) => server.Addresses[0];

    private static async Task WhoAsync(Connection connection) => await connection.SendAsync(System.Text.Encoding.UTF8.GetBytes(connection.User ?? "nobody"));

    private static async Task<Connection> CallAsync(Server server, EngineKind engine, Func<TlsClientOptions, TlsClientOptions>? change = null, bool blocking = false)
    {
        var options = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure };
        return await Dialer.ConnectAsync(server.Addresses[0], new DialOptions { Engine = engine, Blocking = blocking, Tls = change?.Invoke(options) ?? options });
    }

    private static Task<DialResult> TryCallAsync(Server server, Func<TlsClientOptions, TlsClientOptions> change) => Dialer.TryConnectAsync(
        server.Addresses[0], new DialOptions { Tls = change(new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure }) });

    /// <summary>Under TLS 1.3 the client learns of its refusal only when it first reads.</summary>
    private static async Task<bool> IsServedAsync(Server server, X509Certificate2? key)
    {
        try
        {
            await using Connection call = await CallAsync(server, EngineKind.Auto, options => options with { Key = key });
            return await DialerTests.AskAsync(call) is { Length: > 0 };
        }
        catch (TransportException)
        {
            return false;
        }
    }
}
