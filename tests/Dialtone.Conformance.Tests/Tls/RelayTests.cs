namespace Dialtone.Conformance.Tests;

/// <summary>Somebody stands between client and server, ends TLS on both sides with a certificate of their own, and passes every byte on.</summary>
public sealed class RelayTests : IDisposable
{
    private static readonly HmacKey Key = HmacKey.FromText("a key of enough bytes", "office");
    private static readonly ScramVerifier Pencil = ScramVerifier.Create("pencil", ScramVerifier.MinIterations);
    private static readonly ScramAccounts Accounts = new(name => name == "alex" ? Pencil : null, new byte[32], ScramVerifier.MinIterations);
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory] // D18
    [InlineData("scram")]
    [InlineData("channel-bound")]
    public async Task A_proof_made_for_another_channel_does_not_open_and_the_straight_way_does(string door)
    {
        await using Server server = await StartAsync(EchoAsync, door == "scram" ? ScramAuthentication.With(Accounts) : ChannelBoundChallenge.With(Key));
        await using Server relay = await StartAsync(client => RelayAsync(client, server.Addresses[0]));

        await using (Connection straight = await CallAsync(server.Addresses[0]))
        {
            await ProveAsync(straight, door);
            Assert.Equal("hello", await DialerTests.AskAsync(straight));
        }

        await using Connection relayed = await CallAsync(relay.Addresses[0]);
        TrustException refused = await Assert.ThrowsAsync<TrustException>(() => ProveAsync(relayed, door));
        Assert.Equal(TrustError.Refused, refused.Reason);
    }

    [Fact]
    public async Task Behind_a_proxy_that_ends_TLS_both_sides_can_agree_to_go_unbound()
    {
        await using Server server = await StartAsync(EchoAsync, ScramAuthentication.With(new ScramAuthenticationOptions { Accounts = Accounts, AllowUnbound = true }));
        await using Server proxy = await StartAsync(client => RelayAsync(client, server.Addresses[0]));
        await using Connection through = await CallAsync(proxy.Addresses[0]);
        await ScramAuthentication.LoginAsync(through, "alex", "pencil", new ScramClientOptions());
        Assert.Equal("hello", await DialerTests.AskAsync(through));
        await using Connection bound = await CallAsync(proxy.Addresses[0]);
        Assert.Equal(TrustError.Refused, (await Assert.ThrowsAsync<TrustException>(() => ProveAsync(bound, "scram"))).Reason);
    }

    [Fact] // or the relay above would prove nothing: what is not bound to the channel does pass
    public async Task The_tutorials_challenge_is_relayed_as_PROTOCOL_says()
    {
        await using Server server = await StartAsync(EchoAsync, HmacChallenge.With(Key));
        await using Server relay = await StartAsync(client => RelayAsync(client, server.Addresses[0]));
        await using Connection relayed = await CallAsync(relay.Addresses[0]);
        await HmacChallenge.AnswerAsync(relayed, Key);
        Assert.Equal("hello", await DialerTests.AskAsync(relayed));
    }

    private static Task ProveAsync(Connection connection, string door) => (door == "scram"
        ? ScramAuthentication.LoginAsync(connection, "alex", "pencil")
        : ChannelBoundChallenge.AnswerAsync(connection, Key)).AsTask().WaitAsync(Servers.Patience);

    private static async Task EchoAsync(Connection connection) => await connection.Input.CopyToAsync(connection.Output);

    private static async Task RelayAsync(Connection client, Address server)
    {
        await using Connection onward = await CallAsync(server);
        await Task.WhenAny(PumpAsync(client, onward), PumpAsync(onward, client));
    }

    private static async Task PumpAsync(Connection from, Connection to)
    {
        var buffer = new byte[4096];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
                await to.SendAsync(buffer.AsMemory(0, count));
        }
        catch (TransportException)
        {
            // One side is gone; the other is closed with the handler.
        }
    }

    private static Task<Connection> CallAsync(Address address) => Dialer.ConnectAsync(
        address, new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } });

    private async Task<Server> StartAsync(ConnectionHandler handler, ConnectionMiddleware? door = null)
    {
        var server = new Server(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0"],
            Tls = new TlsServerOptions { Certificate = _authority.Issue("localhost") },
        });
        if (door is not null)
            server.Use(door);
        server.Handle(handler);
        await server.StartAsync();
        return server;
    }
}
