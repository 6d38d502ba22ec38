using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Tests.Authentication;

/// <summary>The handshakes in which both sides prove themselves: channel-bound HMAC and SCRAM, over connections.</summary>
public sealed class MutualDoorTests
{
    private static readonly byte[] Channel = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly HmacKey Key = HmacKey.FromText("MARKER-0123456789abcdef", "office");
    private static readonly ScramVerifier Pencil = ScramVerifier.Create("pencil", 4096);
    private static readonly ScramAccounts Accounts = new(name => name == "alex" ? Pencil : null, new byte[32], 4096);

    [Theory]
    [MemberData(nameof(HmacChallengeTests.Policies), MemberType = typeof(HmacChallengeTests))]
    public async Task A_key_opens_and_names_its_holder_under_every_policy(string policy)
    {
        string? user = null;
        ConnectionMiddleware door = ChannelBoundChallenge.With(HmacKey.Random("home"), Key);
        await using DoorServer server = await DoorServer.StartAsync((call, next) => door(call, inner =>
        {
            user = inner.User;
            return next(inner);
        }), policy, inMemory: true);
        await using Connection ours = server.Call();
        await ChannelBoundChallenge.AnswerAsync(ours, Key);
        Assert.Equal("HELLO", await HmacChallengeTests.TalkAsync(ours, "hello"));
        Assert.Equal("office", user);
    }

    [Theory]
    [MemberData(nameof(HmacChallengeTests.Policies), MemberType = typeof(HmacChallengeTests))]
    public async Task A_password_opens_and_names_its_user_under_every_policy(string policy)
    {
        string? user = null;
        ConnectionMiddleware door = ScramAuthentication.With(Accounts);
        await using DoorServer server = await DoorServer.StartAsync((call, next) => door(call, inner =>
        {
            user = inner.User;
            return next(inner);
        }), policy, inMemory: true);
        await using Connection ours = server.Call();
        await ScramAuthentication.LoginAsync(ours, "alex", "pencil");
        Assert.Equal("HELLO", await HmacChallengeTests.TalkAsync(ours, "hello"));
        Assert.Equal("alex", user);
    }

    [Fact]
    public async Task A_wrong_key_and_an_unknown_id_are_refused_alike()
    {
        await using DoorServer server = await DoorServer.StartAsync(ChannelBoundChallenge.With(Key), inMemory: true);
        foreach (HmacKey wrong in new[] { HmacKey.Random("office"), HmacKey.FromText("MARKER-0123456789abcdef", "home") })
        {
            await using Connection ours = server.Call();
            TrustException e = await Assert.ThrowsAsync<TrustException>(() => ChannelBoundChallenge.AnswerAsync(ours, wrong).AsTask());
            Assert.Equal(TrustError.Refused, e.Reason);
            Assert.DoesNotContain("MARKER", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory] // D19
    [InlineData("alex", "Pencil")]
    [InlineData("nobody", "pencil")]
    public async Task A_wrong_password_and_an_unknown_user_are_refused_alike(string name, string password)
    {
        await using DoorServer server = await DoorServer.StartAsync(ScramAuthentication.With(Accounts), inMemory: true);
        await using Connection ours = server.Call();
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => ScramAuthentication.LoginAsync(ours, name, password).AsTask());
        Assert.Equal(TrustError.Refused, e.Reason);
        Assert.Equal("The server refused the name or the password.", e.Message);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains(password, StringComparison.Ordinal));
    }

    [Fact] // D18
    public async Task Both_handshakes_bind_to_the_channel_and_notice_another()
    {
        byte[] other = [.. Channel.Reverse()];
        await using DoorServer keys = await DoorServer.StartAsync(ChannelBoundChallenge.With(Key), channel: Channel, inMemory: true);
        await using DoorServer users = await DoorServer.StartAsync(ScramAuthentication.With(Accounts), channel: Channel, inMemory: true);

        await using (Connection ours = keys.Call(Channel))
            await ChannelBoundChallenge.AnswerAsync(ours, Key);
        await using (Connection ours = users.Call(Channel))
            await ScramAuthentication.LoginAsync(ours, "alex", "pencil");
        foreach (byte[]? seen in new[] { other, null })
        {
            await using Connection relayed = keys.Call(seen);
            Assert.Equal(TrustError.Refused,
                (await Assert.ThrowsAsync<TrustException>(() => ChannelBoundChallenge.AnswerAsync(relayed, Key).AsTask())).Reason);
            await using Connection login = users.Call(seen);
            Assert.Equal(TrustError.Refused,
                (await Assert.ThrowsAsync<TrustException>(() => ScramAuthentication.LoginAsync(login, "alex", "pencil").AsTask())).Reason);
        }
    }

    [Fact] // D17: whoever lets everybody in does not hold the key
    public async Task A_server_without_the_key_is_noticed()
    {
        await using DoorServer server = await DoorServer.StartAsync(async (call, _) =>
        {
            await Door.SendMessageAsync(call, new ChannelBoundServer(new HmacKeyring(HmacKey.Random()), default).Hello(), default);
            await Door.ReceiveMessageAsync(call, 1024, default);
            await Door.SendMessageAsync(call, new byte[32], default);
        }, inMemory: true);
        await using Connection ours = server.Call();
        Assert.Equal(TrustError.ServerNotProven,
            (await Assert.ThrowsAsync<TrustException>(() => ChannelBoundChallenge.AnswerAsync(ours, Key).AsTask())).Reason);
    }

    [Theory] // D15, D16, D17, D02
    [InlineData("r={0}S,s=QUJD,i=1", TrustError.HandshakeMalformed)]
    [InlineData("r={0}S,s=QUJD,i=2147483647", TrustError.HandshakeMalformed)]
    [InlineData("v=AAAA", TrustError.HandshakeMalformed)]
    [InlineData("e=other-error", TrustError.Refused)]
    public async Task A_false_SCRAM_server_is_noticed(string answer, TrustError reason)
    {
        await using DoorServer server = await DoorServer.StartAsync(async (call, _) =>
        {
            byte[] first = await Door.ReceiveMessageAsync(call, 4096, default);
            string nonce = Encoding.UTF8.GetString(first).Split("r=")[1];
            await Door.SendMessageAsync(call, Encoding.UTF8.GetBytes(answer.Replace("{0}", nonce, StringComparison.Ordinal)), default);
            await Door.ReceiveMessageAsync(call, 4096, default);
        }, inMemory: true);
        await using Connection ours = server.Call();
        Assert.Equal(reason, (await Assert.ThrowsAsync<TrustException>(() => ScramAuthentication.LoginAsync(ours, "alex", "pencil").AsTask())).Reason);
    }

    [Theory] // D01, E: lengths are checked before memory is taken
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(4097)]
    [InlineData(0x6C6C6568)] // "hell", from a caller that skips the login
    public async Task A_length_out_of_bounds_is_closed(int length)
    {
        foreach (ConnectionMiddleware door in new[] { ChannelBoundChallenge.With(Key), ScramAuthentication.With(Accounts) })
        {
            await using DoorServer server = await DoorServer.StartAsync(door);
            using NetworkStream caller = server.Dial();
            var prefix = new byte[16];
            BinaryPrimitives.WriteInt32LittleEndian(prefix, length);
            caller.Write(prefix);
            while (HmacChallengeTests.ReadOrReset(caller) > 0)
            {
            }

            Assert.Contains(server.Log.Lines, line => line.Contains("Wrong", StringComparison.Ordinal));
        }
    }

    [Fact] // D10
    public async Task Nobody_stands_at_the_door_longer_than_the_limit()
    {
        var time = new FakeTimeProvider();
        await using DoorServer server = await DoorServer.StartAsync(ScramAuthentication.With(Accounts), time: time);
        using NetworkStream caller = server.Dial();
        caller.Write([32, 0, 0, 0, (byte)'n']);
        Task<int> read = caller.ReadAsync(new byte[1]).AsTask();
        await time.AdvanceUntilAsync(read);
        Assert.Equal(0, await read);
    }

    [Fact]
    public void Keys_too_short_for_mutual_proof_are_refused()
    {
        HmacKey weak = HmacKey.FromText("0123456789abcde");
        Assert.Equal(TrustError.KeyUnusable, Assert.Throws<TrustException>(() => ChannelBoundChallenge.With(weak)).Reason);
    }
}
