using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Dialtone.Tests.Authentication;

public sealed class HmacChallengeTests
{
    public static readonly TheoryData<string> Policies =
        ["sequential", "inline", "task", "thread", "pool:4", "blocking sequential", "blocking thread", "blocking pool:4"];

    private static readonly HmacKey Key = HmacKey.FromText("MARKER-linhaifeng");

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task The_right_key_opens_under_every_policy(string policy)
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(HmacKey.Random(), Key), policy);
        using (NetworkStream caller = server.Dial())
        {
            byte[] challenge = Read(caller, 32);
            caller.Write(HMACSHA256.HashData("MARKER-linhaifeng"u8, challenge));
            Assert.Equal("HELLO", Talk(caller, "hello"));
        }

        await using DoorServer inMemory = await DoorServer.StartAsync(HmacChallenge.With(HmacKey.Random(), Key), policy, inMemory: true);
        await using Connection ours = inMemory.Call();
        await HmacChallenge.AnswerAsync(ours, Key);
        Assert.Equal("HELLO", await TalkAsync(ours, "hello"));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task A_wrong_key_is_closed_without_a_word_under_every_policy(string policy)
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key), policy);
        using (NetworkStream caller = server.Dial())
        {
            byte[] challenge = Read(caller, 32);
            caller.Write(HMACSHA256.HashData("wrong"u8, challenge));
            Assert.Equal(-1, caller.ReadByte());
        }

        await using DoorServer inMemory = await DoorServer.StartAsync(HmacChallenge.With(Key), policy, inMemory: true);
        await using Connection ours = inMemory.Call();
        await HmacChallenge.AnswerAsync(ours, HmacKey.Random());
        Assert.Equal(0, await ours.ReceiveAsync(new byte[1]));
    }

    [Theory]
    [InlineData(HmacDigest.Md5)]
    [InlineData(HmacDigest.Sha1)]
    [InlineData(HmacDigest.Sha512)]
    public async Task The_other_digests_open_too_and_only_md5_is_warned_of(HmacDigest digest)
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(digest, Key), inMemory: true);
        Assert.Equal(digest == HmacDigest.Md5, server.Log.Lines.Any(line => line.StartsWith("Warning 200", StringComparison.Ordinal)));
        await using Connection ours = server.Call();
        await HmacChallenge.AnswerAsync(ours, Key, digest);
        Assert.Equal("HELLO", await TalkAsync(ours, "hello"));
    }

    [Fact]
    public async Task An_answer_may_come_byte_by_byte_with_the_first_message_behind_it()
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key));
        using NetworkStream caller = server.Dial();
        byte[] answer = HMACSHA256.HashData("MARKER-linhaifeng"u8, Read(caller, 32));
        foreach (byte b in answer.AsSpan(..^1))
            caller.Write([b]);
        caller.Write([answer[^1], .. "hello"u8]);
        Assert.Equal("HELLO", Encoding.ASCII.GetString(Read(caller, 5)));
    }

    [Theory]
    [InlineData(16)]  // an MD5 digest
    [InlineData(5)]   // no handshake, only "hello"
    [InlineData(31)]
    public async Task A_short_answer_is_closed_soon_by_the_servers_clock(int length)
    {
        var time = new FakeTimeProvider();
        var options = new HmacChallengeOptions { Keys = new HmacKeyring(Key), TimeLimit = TimeSpan.FromHours(1) };
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(options), time: time);
        using NetworkStream caller = server.Dial();
        Read(caller, 32);
        caller.Write(new byte[length]);
        Task<int> read = caller.ReadAsync(new byte[1]).AsTask();
        await time.AdvanceUntilAsync(read, TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, await read);
        Assert.True(time.Elapsed < options.TimeLimit, $"closed after {time.Elapsed}");
    }

    [Fact] // T8, D10: also 512 bytes that nobody reads do not turn the goodbye into a reset
    public async Task A_first_message_in_place_of_the_answer_is_closed()
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key));
        using NetworkStream caller = server.Dial();
        caller.Write(new byte[512]);
        Read(caller, 32);
        Assert.Equal(-1, caller.ReadByte());
    }

    [Fact] // D10
    public async Task A_late_answer_is_too_late()
    {
        var time = new FakeTimeProvider();
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key), time: time);
        using NetworkStream caller = server.Dial();
        byte[] challenge = Read(caller, 32);
        time.Advance(TimeSpan.FromSeconds(9));
        time.Advance(TimeSpan.FromSeconds(2)); // deadlines are met up to a second late
        Assert.Equal(-1, caller.ReadByte());
        Assert.Throws<IOException>(() =>
        {
            for (int i = 0; i < 1000; i++)
                caller.Write(HMACSHA256.HashData("MARKER-linhaifeng"u8, challenge));
        });
    }

    [Fact] // D03, D05
    public async Task A_replayed_answer_and_the_challenge_itself_do_not_open()
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key));
        using NetworkStream first = server.Dial();
        byte[] challenge = Read(first, 32);
        byte[] answer = HMACSHA256.HashData("MARKER-linhaifeng"u8, challenge);
        first.Write(answer);
        Assert.Equal("A", Talk(first, "a"));

        using NetworkStream replay = server.Dial();
        Assert.NotEqual(challenge, Read(replay, 32));
        replay.Write(answer);
        Assert.Equal(-1, replay.ReadByte());

        using NetworkStream reflect = server.Dial();
        reflect.Write(Read(reflect, 32));
        Assert.Equal(-1, reflect.ReadByte());
    }

    [Fact] // D23, D24, D27: one table for every listener
    public async Task Failures_keep_that_address_out_of_every_listener_for_a_while_and_no_other_address()
    {
        var time = new FakeTimeProvider();
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key), time: time);
        for (int i = 0; i < 4; i++)
        {
            using NetworkStream caller = server.Dial("127.0.0.2");
            Read(caller, 32);
            caller.Write(new byte[32]);
            Assert.Equal(-1, caller.ReadByte());
        }

        foreach (int listener in new[] { 0, 1 })
        {
            using NetworkStream refused = server.Dial("127.0.0.2", listener);
            Assert.Equal(0, ReadOrReset(refused));
        }

        using NetworkStream other = server.Dial("127.0.0.3");
        Assert.Equal(32, Read(other, 32).Length);
        time.Advance(TimeSpan.FromSeconds(21));
        using NetworkStream again = server.Dial("127.0.0.2", listener: 1);
        Assert.Equal(32, Read(again, 32).Length);
    }

    [Fact] // D33
    public async Task The_log_says_who_failed_and_holds_no_key_challenge_or_answer()
    {
        await using DoorServer server = await DoorServer.StartAsync(HmacChallenge.With(Key));
        byte[] challenge;
        byte[] wrong = HMACSHA256.HashData("wrong"u8, "x"u8);
        using (NetworkStream caller = server.Dial())
        {
            challenge = Read(caller, 32);
            caller.Write(wrong);
            Assert.Equal(-1, caller.ReadByte());
        }

        Assert.Contains(server.Log.Lines, line => line.Contains("did not prove itself", StringComparison.Ordinal)
            && line.Contains("127.0.0.1", StringComparison.Ordinal));
        string log = string.Join('\n', server.Log.Lines);
        foreach (string secret in new[] { "MARKER", Convert.ToHexString(challenge), Convert.ToBase64String(challenge), Convert.ToHexString(wrong) })
            Assert.DoesNotContain(secret, log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_server_that_closes_at_once_is_told_to_our_client()
    {
        await using DoorServer server = await DoorServer.StartAsync((_, _) => Task.CompletedTask, inMemory: true);
        await using Connection ours = server.Call();
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => HmacChallenge.AnswerAsync(ours, Key).AsTask());
        Assert.Equal(TrustError.Refused, e.Reason);
    }

    internal static byte[] Read(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    internal static int ReadOrReset(NetworkStream stream)
    {
        try
        {
            return stream.Read(new byte[1]);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return 0;
        }
    }

    internal static async Task<string> TalkAsync(Connection connection, string text)
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes(text));
        var bytes = new byte[text.Length];
        Assert.True(await Door.ReceiveExactlyAsync(connection, bytes, default));
        return Encoding.ASCII.GetString(bytes);
    }

    private static string Talk(NetworkStream stream, string text)
    {
        stream.Write(Encoding.ASCII.GetBytes(text));
        return Encoding.ASCII.GetString(Read(stream, text.Length));
    }
}
