using System.Globalization;
using System.Text;

namespace Dialtone.Interop.Tests;

/// <summary>The tutorials' HMAC challenge against Python, both directions.</summary>
public sealed class HmacTests
{
    private const string Key = "linhaifeng bang bang bang";

    public static readonly TheoryData<string, string> Policies = new(
        from policy in new[] { "sequential", "inline", "task", "thread", "pool:4", "blocking" }
        from behaviour in new[] { "answer", "byte-by-byte", "all-in-one" }
        select (policy, behaviour));

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Their_client_with_the_right_key_is_served(string policy, string behaviour)
    {
        await using Server server = await ServeAsync(HmacDigest.Sha256, policy);
        Assert.Equal("HELLO", await CallAsync(server, "sha256", Key, behaviour));
    }

    [Theory]
    [InlineData("md5", HmacDigest.Md5)]
    [InlineData("sha1", HmacDigest.Sha1)]
    [InlineData("sha512", HmacDigest.Sha512)]
    public async Task Their_client_may_use_any_of_the_digests(string name, HmacDigest digest)
    {
        await using Server server = await ServeAsync(digest);
        Assert.Equal("HELLO", await CallAsync(server, name, Key, "answer"));
    }

    [Theory]
    [InlineData("sha256", "wrong key", "answer")]
    [InlineData("sha256", Key, "no-handshake")]
    [InlineData("sha256", Key, "no-handshake-long")]
    [InlineData("sha256", Key, "short")]
    [InlineData("sha256", Key, "half-close")]
    [InlineData("sha256", Key, "replay")]
    [InlineData("sha256", Key, "reflect")]
    [InlineData("md5", Key, "answer")]
    [InlineData("sha512", Key, "answer")]
    public async Task Every_other_client_is_closed_without_a_word(string digest, string key, string behaviour)
    {
        await using Server server = await ServeAsync(HmacDigest.Sha256);
        Assert.Equal("closed", await CallAsync(server, digest, key, behaviour));
    }

    [Fact]
    public async Task A_late_answer_is_too_late()
    {
        await using Server server = await ServeAsync(HmacDigest.Sha256, timeLimit: TimeSpan.FromMilliseconds(300));
        Assert.Equal("closed", await CallAsync(server, "sha256", Key, "late"));
    }

    [Theory]
    [InlineData("sha256", HmacDigest.Sha256, "answer")]
    [InlineData("sha256", HmacDigest.Sha256, "byte-by-byte")]
    [InlineData("md5", HmacDigest.Md5, "answer")]
    [InlineData("sha1", HmacDigest.Sha1, "answer")]
    [InlineData("sha512", HmacDigest.Sha512, "answer")]
    public async Task Our_client_with_the_right_key_is_served_by_their_server(string name, HmacDigest digest, string behaviour)
    {
        await using PythonPeer server = DoorPeers.Start("hmac_server.py", name, Key, behaviour);
        await using (Connection connection = await server.DialAsync())
        {
            await HmacChallenge.AnswerAsync(connection, HmacKey.FromText(Key), digest);
            Assert.Equal("HELLO", await connection.HelloAsync());
        }

        Assert.Equal("authenticated", await server.FinishAsync());
    }

    [Theory]
    [InlineData("wrong key", HmacDigest.Sha256)]
    [InlineData(Key, HmacDigest.Md5)]
    public async Task Our_client_with_a_wrong_key_or_digest_sees_their_server_close(string key, HmacDigest digest)
    {
        await using PythonPeer server = DoorPeers.Start("hmac_server.py", "sha256", Key, "answer");
        await using Connection connection = await server.DialAsync();
        await HmacChallenge.AnswerAsync(connection, HmacKey.FromText(key), digest);
        Assert.Equal(0, await connection.ReceiveAsync(new byte[1]));
        Assert.Equal("refused", await server.FinishAsync());
    }

    [Theory]
    [InlineData("short-challenge")]
    [InlineData("closes")]
    public async Task Our_client_says_when_their_server_sends_no_challenge(string behaviour)
    {
        await using PythonPeer server = DoorPeers.Start("hmac_server.py", "sha256", Key, behaviour);
        await using Connection connection = await server.DialAsync();
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => HmacChallenge.AnswerAsync(connection, HmacKey.FromText(Key)).AsTask());
        Assert.Equal(TrustError.Refused, e.Reason);
    }

    [Fact]
    public async Task Our_client_does_not_wait_for_a_silent_server_for_ever()
    {
        await using PythonPeer server = DoorPeers.Start("hmac_server.py", "sha256", Key, "silent");
        var time = new FakeTimeProvider();
        await using (Connection connection = await server.DialAsync(new DialOptions { Time = time }))
        {
            Task answering = HmacChallenge.AnswerAsync(connection, HmacKey.FromText(Key)).AsTask();
            TrustException e = await Assert.ThrowsAsync<TrustException>(() => time.AdvanceUntilAsync(answering));
            Assert.Equal(TrustError.TimedOut, e.Reason);
        }

        Assert.Equal("gone", await server.FinishAsync());
    }

    private static Task<string> CallAsync(Server server, string digest, string key, string behaviour) =>
        DoorPeers.RunAsync("hmac_client.py", Text(server.Addresses[0].Port), digest, key, behaviour);

    private static async Task<Server> ServeAsync(HmacDigest digest, string policy = "task", TimeSpan? timeLimit = null)
    {
        Assert.True(Concurrency.TryParse(policy == "blocking" ? "thread" : policy, out Concurrency? concurrency));
        var server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Concurrency = concurrency });
        server.Use(HmacChallenge.With(new HmacChallengeOptions
        {
            Keys = new HmacKeyring(HmacKey.Random(), HmacKey.FromText(Key)),
            Digest = digest,
            TimeLimit = timeLimit,
        }));
        if (policy == "blocking")
            server.HandleBlocking(Upper);
        else
            server.Handle(UpperAsync);
        await server.StartAsync();
        return server;
    }

    private static async Task UpperAsync(Connection connection)
    {
        var buffer = new byte[1024];
        while (await connection.ReceiveAsync(buffer) is > 0 and int count)
            await connection.SendAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
    }

    private static void Upper(Connection connection)
    {
        var buffer = new byte[1024];
        while (connection.Stream.Read(buffer) is > 0 and int count)
            connection.Stream.Write(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
