using System.Net;
using System.Text;

namespace Dialtone.Conformance.Datagrams;

/// <summary>What a datagram handler sees and does, the same under every engine, policy and kind of address.</summary>
public sealed class DatagramHandlerTests
{
    public static TheoryData<string, string, string> All => DatagramCase.All();

    public static TheoryData<string, string> EnginesAndPolicies => DatagramCase.EnginesAndPolicies();

    [Theory, MemberData(nameof(All))]
    public async Task A_datagram_is_answered_to_its_sender(string engine, string policy, string address)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(Upper);
        await server.StartAsync();
        using var first = new DatagramPeer(server.Addresses[0]);
        using var second = new DatagramPeer(server.Addresses[0]);
        for (int i = 0; i < 20; i++)
        {
            first.Send($"first {i}");
            second.Send($"second {i}");
            Assert.Equal($"FIRST {i}", await first.ReceiveTextAsync());
            Assert.Equal($"SECOND {i}", await second.ReceiveTextAsync());
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task An_empty_datagram_is_a_message_and_so_is_an_empty_answer(string engine, string policy, string address)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(Upper);
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("");
        Assert.Empty(await peer.ReceiveAsync());
        Assert.Equal("STILL HERE", await peer.AskAsync("still here"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Nothing_is_sent_unless_the_handler_replies(string engine, string policy, string address)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(
            datagram => datagram.Payload.IsEmpty ? default : Upper(datagram));
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("");
        Assert.Equal("AFTER THE EMPTY ONE", await peer.AskAsync("after the empty one"));
        Assert.False(peer.HasAnswer);
    }

    [Theory, MemberData(nameof(All))]
    public async Task The_sender_and_the_listener_are_known(string engine, string policy, string address)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(
            async datagram => await datagram.ReplyAsync(Encoding.UTF8.GetBytes($"{datagram.From} {datagram.Address} {datagram.CanReply}")));
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal($"{peer.LocalEndPoint} {server.Addresses[0]} True", await peer.AskAsync("who?"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task The_longest_datagram_goes_both_ways(string engine, string policy, string address)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(Echo);
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        var payload = new byte[65_507];
        new Random(7).NextBytes(payload);
        peer.Send(payload);
        Assert.Equal(payload, await peer.ReceiveAsync());
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_datagram_over_the_limit_arrives_cut_and_marked(string engine, string policy, string address)
    {
        var limits = new ServerLimits { MaxDatagramBytes = 10 };
        await using var server = new Server(DatagramCase.Options(engine, policy, address, limits)).HandleDatagrams(
            datagram =>
            {
                datagram.Reply(Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetString(datagram.Payload.Span)} {datagram.Truncated}"));
                return default;
            });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("0123456789 False", await peer.AskAsync("0123456789"));
        Assert.Equal("0123456789 True", await peer.AskAsync("0123456789a"));
        Assert.Equal("short False", await peer.AskAsync("short"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_handler_that_throws_harms_nobody_else(string engine, string policy, string address)
    {
        var failed = new TaskCompletionSource<(Connection?, Exception)>(TaskCreationOptions.RunContinuationsAsynchronously);
        ServerOptions options = DatagramCase.Options(engine, policy, address) with
        {
            HandlerFailed = (connection, error) =>
            {
                failed.TrySetResult((connection, error));
                throw new InvalidOperationException("the hook throws as well");
            },
        };
        await using var server = new Server(options).HandleDatagrams(async datagram =>
        {
            string text = Encoding.UTF8.GetString(datagram.Payload.Span);
            if (text == "throw")
                throw new FormatException("at once");
            await Task.Yield();
            if (text == "throw later")
                throw new FormatException("later");
            await datagram.ReplyAsync(datagram.Payload);
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("throw");
        peer.Send("throw later");
        Assert.Equal("fine", await peer.AskAsync("fine"));
        (Connection? connection, Exception error) = await failed.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Null(connection);
        Assert.IsType<FormatException>(error);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_payload_stays_whole_while_its_handler_waits(string engine, string policy, string address)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool holds = policy is not "sequential"; // where the next one would have to wait for this one
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(async datagram =>
        {
            ReadOnlyMemory<byte> payload = datagram.Payload;
            string before = Encoding.UTF8.GetString(payload.Span);
            if (before == "open")
                gate.TrySetResult();
            else if (holds)
                await gate.Task;
            else
                await Task.Yield();
            await datagram.ReplyAsync(Encoding.UTF8.GetBytes($"{before} {Encoding.UTF8.GetString(payload.Span)} {datagram.From}"));
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        using var other = new DatagramPeer(server.Addresses[0]);
        peer.Send("abc");
        peer.Send("xyz");
        other.Send("open");
        Assert.Equal($"open open {other.LocalEndPoint}", await other.ReceiveTextAsync());
        string[] answers = [await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync()];
        Assert.Equal([$"abc abc {peer.LocalEndPoint}", $"xyz xyz {peer.LocalEndPoint}"], answers.Order());
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task One_datagram_may_be_answered_many_times(string engine, string policy)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagrams(datagram =>
        {
            for (int i = 0; i < 100; i++)
                datagram.Reply(Encoding.UTF8.GetBytes($"{i}".PadLeft(i)));
            return default;
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("count");
        for (int i = 0; i < 100; i++)
            Assert.Equal($"{i}".PadLeft(i), await peer.ReceiveTextAsync());
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_class_runs_setup_handle_and_finish_for_each_datagram(string engine, string policy)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagrams<ThreeSteps>();
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("a");
        Assert.Equal(["setup", "handle a", "finish"], [await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync()]);
        peer.Send("fail");
        Assert.Equal(["setup", "finish FormatException"], [await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync()]);
    }

    [Theory, InlineData("sequential"), InlineData("task"), InlineData("thread:8"), InlineData("pool:4:64")]
    public async Task A_blocking_class_runs_setup_handle_and_finish_for_each_datagram(string policy)
    {
        foreach (string engine in DatagramCase.Engines)
        {
            await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagramsBlocking<ThreeBlockingSteps>();
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            peer.Send("a");
            Assert.Equal(["setup", "handle a", "finish"], [await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync()]);
        }
    }

    [Fact]
    public async Task An_answer_longer_than_a_datagram_may_be_is_refused_to_the_handler()
    {
        foreach (string engine in DatagramCase.Engines)
        {
            await using var server = new Server(DatagramCase.Options(engine, "inline")).HandleDatagrams(datagram =>
            {
                var error = Assert.Throws<TransportException>(() => datagram.Reply(new byte[70_000]));
                datagram.Reply(Encoding.UTF8.GetBytes($"{error.Reason}"));
                return default;
            });
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            Assert.Equal("MessageTooLarge", await peer.AskAsync("too much"));
        }
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_datagram_is_lent_only_until_its_handler_ends(string engine, string policy)
    {
        var kept = new TaskCompletionSource<Datagram>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagrams(datagram =>
        {
            kept.TrySetResult(datagram);
            return default;
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("lent");
        Datagram datagram = await kept.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await server.StopAsync();
        Assert.Throws<ObjectDisposedException>(() => datagram.Payload);
        Assert.Throws<ObjectDisposedException>(() => datagram.Reply("late"u8));
    }

    private static ValueTask Upper(Datagram datagram)
    {
        Assert.True(datagram.Reply(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(datagram.Payload.Span).ToUpperInvariant())));
        return default;
    }

    private static ValueTask Echo(Datagram datagram)
    {
        Assert.True(datagram.Reply(datagram.Payload.Span));
        return default;
    }

    private sealed class ThreeSteps : DatagramRequestHandler
    {
        protected override async ValueTask SetupAsync() => await Datagram.ReplyAsync("setup"u8.ToArray());

        protected override async ValueTask HandleAsync()
        {
            string text = Encoding.UTF8.GetString(Datagram.Payload.Span);
            if (text == "fail")
                throw new FormatException();
            await Datagram.ReplyAsync(Encoding.UTF8.GetBytes($"handle {text}"));
        }

        protected override async ValueTask FinishAsync(Exception? error) =>
            await Datagram.ReplyAsync(Encoding.UTF8.GetBytes($"finish {error?.GetType().Name}".TrimEnd()));
    }

    private sealed class ThreeBlockingSteps : BlockingDatagramRequestHandler
    {
        protected override void Setup() => Datagram.Reply("setup"u8);

        protected override void Handle() => Datagram.Reply(Encoding.UTF8.GetBytes($"handle {Encoding.UTF8.GetString(Datagram.Payload.Span)}"));

        protected override void Finish(Exception? error) => Datagram.Reply("finish"u8);
    }
}
