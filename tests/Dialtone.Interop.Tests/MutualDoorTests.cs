using System.Globalization;
using System.Text;

namespace Dialtone.Interop.Tests;

/// <summary>The channel-bound HMAC and SCRAM against Python peers written from PROTOCOL.md, both directions.</summary>
public sealed class MutualDoorTests
{
    private const string Key = "0123456789abcdef-key";
    private static readonly ScramVerifier Pencil = ScramVerifier.Create("pencil", ScramVerifier.MinIterations);

    [Theory]
    [InlineData("key", "office", Key, "HELLO")]
    [InlineData("key", "office", "0123456789abcdef-kex", "refused")]
    [InlineData("key", "home", Key, "refused")]
    [InlineData("password", "alex", "pencil", "HELLO")]
    [InlineData("password", "alex", "Pencil", "refused")]
    [InlineData("password", "nobody", "pencil", "refused")]
    public async Task Their_client_gets_what_it_proves(string way, string name, string secret, string outcome)
    {
        await using var server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] });
        server.Use(way == "key"
            ? ChannelBoundChallenge.With(HmacKey.Random("home"), HmacKey.FromText(Key, "office"))
            : ScramAuthentication.With(new ScramAccounts(asked => asked == "alex" ? Pencil : null, new byte[32], ScramVerifier.MinIterations)));
        server.Handle(async connection =>
        {
            var buffer = new byte[1024];
            while (await connection.ReceiveAsync(buffer) is > 0 and int count)
                await connection.SendAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
        });
        await server.StartAsync();
        string port = server.Addresses[0].Port.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(outcome, await DoorPeers.RunAsync("mutual_client.py", port, way, name, secret));
    }

    [Theory]
    [InlineData("key", "office", Key)]
    [InlineData("password", "alex", "pencil")]
    public async Task Our_client_with_the_right_secret_is_served_by_their_server(string way, string name, string secret)
    {
        await using PythonPeer server = DoorPeers.Start("mutual_server.py", way, name, secret);
        await using (Connection connection = await server.DialAsync())
        {
            await EnterAsync(connection, way, name, secret);
            Assert.Equal("HELLO", await connection.HelloAsync());
        }

        Assert.Equal("authenticated", await server.FinishAsync());
    }

    [Theory]
    [InlineData("key", "office", "another key, long enough")]
    [InlineData("key", "home", Key)]
    [InlineData("password", "alex", "Pencil")]
    public async Task Our_client_with_a_wrong_secret_is_told(string way, string name, string secret)
    {
        await using PythonPeer server = DoorPeers.Start("mutual_server.py", way, way == "key" ? "office" : "alex", way == "key" ? Key : "pencil");
        await using Connection connection = await server.DialAsync();
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => EnterAsync(connection, way, name, secret).AsTask());
        Assert.Equal(TrustError.Refused, e.Reason);
        Assert.Equal("refused", await server.FinishAsync());
    }

    [Theory] // D05, D17: a reflected MAC, a signature under another key
    [InlineData("key", "office", Key)]
    [InlineData("password", "alex", "pencil")]
    public async Task Our_client_does_not_believe_a_server_that_proves_nothing(string way, string name, string secret)
    {
        await using PythonPeer server = DoorPeers.Start("mutual_server.py", way, name, secret, "false");
        await using Connection connection = await server.DialAsync();
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => EnterAsync(connection, way, name, secret).AsTask());
        Assert.Equal(TrustError.ServerNotProven, e.Reason);
    }

    private static ValueTask EnterAsync(Connection connection, string way, string name, string secret) => way == "key"
        ? ChannelBoundChallenge.AnswerAsync(connection, HmacKey.FromText(secret, name))
        : ScramAuthentication.LoginAsync(connection, name, secret);
}
