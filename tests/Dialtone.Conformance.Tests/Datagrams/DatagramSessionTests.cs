using System.Collections.Concurrent;
using System.Text;

namespace Dialtone.Conformance.Datagrams;

/// <summary>One session per peer: ordered, isolated, bounded, and ended by silence.</summary>
public sealed class DatagramSessionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string, string> EnginesAndPolicies => DatagramCase.EnginesAndPolicies();

    public static TheoryData<string> EachEngine => DatagramCase.EachEngine();

    public static TheoryData<string, string> ConcurrentPolicies
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string engine in DatagramCase.Engines)
            {
                foreach (string policy in DatagramCase.Policies.Where(static policy => policy != "sequential"))
                    all.Add(engine, policy);
            }

            return all;
        }
    }

    [Theory, MemberData(nameof(ConcurrentPolicies))]
    public async Task Each_peer_has_a_session_of_its_own_in_which_order_is_kept(string engine, string policy)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleSessions(CountAsync);
        await server.StartAsync();
        using var first = new DatagramPeer(server.Addresses[0]);
        using var second = new DatagramPeer(server.Addresses[0]);
        for (int i = 0; i < 30; i++)
            first.Send($"{i}");
        for (int i = 0; i < 30; i++)
            Assert.Equal($"{i + 1}: {i}", await first.ReceiveTextAsync());
        Assert.Equal("1: hello", await second.AskAsync("hello"));
        Assert.Equal("31: again", await first.AskAsync("again"));
        Assert.Equal("2: again", await second.AskAsync("again"));
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task Sessions_work_over_unix_sockets_for_peers_with_a_name(string engine)
    {
        await using var server = new Server(DatagramCase.Options(engine, "task", "unixgram:")).HandleSessions(CountAsync);
        await server.StartAsync();
        using var unnamed = new DatagramPeer(server.Addresses[0], isNamed: false);
        using var peer = new DatagramPeer(server.Addresses[0]);
        unnamed.Send("nobody");
        Assert.Equal("1: hello", await peer.AskAsync("hello"));
        Assert.Equal("2: again", await peer.AskAsync("again"));
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_slow_session_does_not_stall_the_others_and_loses_its_oldest(string engine)
    {
        var limits = new ServerLimits { MaxQueuedPerSession = 4 };
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, "task", limits: limits)).HandleSessions(async session =>
        {
            await foreach (Datagram datagram in session.ReadAllAsync())
            {
                if (datagram.Payload.Span.SequenceEqual("wait"u8))
                {
                    waits.SetResult();
                    await gate.Task;
                }

                await session.SendAsync(datagram.Payload);
            }
        });
        await server.StartAsync();
        using var slow = new DatagramPeer(server.Addresses[0]);
        using var quick = new DatagramPeer(server.Addresses[0]);
        slow.Send("wait");
        await waits.Task.WaitAsync(Patience);
        for (int i = 0; i < 10; i++)
        {
            slow.Send($"{i}");
            Assert.Equal($"quick {i}", await quick.AskAsync($"quick {i}"));
        }

        Assert.False(slow.HasAnswer);
        gate.SetResult();
        var answers = new List<string>();
        for (int i = 0; i < 5; i++)
            answers.Add(await slow.ReceiveTextAsync());
        Assert.Equal(["wait", "6", "7", "8", "9"], answers);
        Assert.False(slow.HasAnswer);
    }

    [Theory, MemberData(nameof(ConcurrentPolicies))]
    public async Task A_silent_session_ends_and_the_next_datagram_begins_another(string engine, string policy)
    {
        var time = new FakeTimeProvider();
        var ended = new TaskCompletionSource<CloseReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        ServerOptions options = DatagramCase.Options(engine, policy, limits: new ServerLimits { SessionIdle = TimeSpan.FromSeconds(30) }) with { Time = time };
        await using var server = new Server(options).HandleSessions(async session =>
        {
            await CountAsync(session);
            ended.TrySetResult(session.EndReason);
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("1: a", await peer.AskAsync("a"));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("2: b", await peer.AskAsync("b"));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("3: c", await peer.AskAsync("c"));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(CloseReason.Idle, await ended.Task.WaitAsync(Patience));
        Assert.Equal("1: d", await peer.AskAsync("d"));
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task The_least_recently_heard_from_makes_room(string engine)
    {
        var ends = new ConcurrentQueue<CloseReason>();
        await using var server = new Server(DatagramCase.Options(engine, "task", limits: new ServerLimits { MaxSessions = 2 })).HandleSessions(async session =>
        {
            await CountAsync(session);
            ends.Enqueue(session.EndReason);
        });
        await server.StartAsync();
        using var a = new DatagramPeer(server.Addresses[0]);
        using var b = new DatagramPeer(server.Addresses[0]);
        using var c = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("1: a", await a.AskAsync("a"));
        Assert.Equal("1: b", await b.AskAsync("b"));
        Assert.Equal("2: a", await a.AskAsync("a"));
        Assert.Equal("1: c", await c.AskAsync("c")); // instead of b
        Assert.Equal("3: a", await a.AskAsync("a"));
        Assert.Equal("1: b", await b.AskAsync("b")); // instead of c
        await server.StopAsync();
        Assert.Equal([CloseReason.MaxSessions, CloseReason.MaxSessions, CloseReason.Drained, CloseReason.Drained], ends.Order().Reverse());
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_session_ends_with_its_handler_and_whatever_it_throws(string engine, string policy)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleSessions(async session =>
        {
            Datagram? first = await session.ReceiveAsync();
            await session.SendAsync(first!.Payload);
            throw new FormatException("enough");
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        for (int i = 0; i < 5; i++)
            Assert.Equal($"{i}", await AskUntilAnsweredAsync(peer, $"{i}"));
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_drain_ends_sessions_once_their_datagrams_are_read(string engine, string policy)
    {
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleSessions(CountAsync);
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("1: a", await peer.AskAsync("a"));
        DrainReport report = await server.StopAsync();
        Assert.True(report.IsClean);
        Assert.Equal(1, report.Finished);
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_session_that_does_not_end_is_reported_by_the_drain(string engine)
    {
        var never = new TaskCompletionSource();
        await using var server = new Server(DatagramCase.Options(engine, "task")).HandleSessions(async session =>
        {
            session.Activity = "sulking";
            await session.SendAsync("hello"u8.ToArray());
            await never.Task;
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        await peer.AskAsync("anybody?");
        DrainReport report = await server.StopAsync(TimeSpan.FromMilliseconds(50));
        Straggler straggler = Assert.Single(report.Stragglers);
        Assert.Equal("sulking", straggler.Activity);
        Assert.Equal(peer.LocalEndPoint, straggler.Remote);
        never.SetResult();
    }

    [Theory, MemberData(nameof(ConcurrentPolicies))]
    public async Task A_session_can_stop_its_server(string engine, string policy)
    {
        Server? server = null;
        server = new Server(DatagramCase.Options(engine, policy)).HandleSessions(async session =>
        {
            await session.ReceiveAsync();
            DrainReport report = await server!.StopAsync();
            Assert.True(report.IsClean);
        });
        Task<DrainReport> run = server.RunAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("stop");
        Assert.True((await run.WaitAsync(Patience)).IsClean);
        await server.DisposeAsync();
    }

    private static async Task CountAsync(DatagramSession session)
    {
        int count = 0;
        await foreach (Datagram datagram in session.ReadAllAsync())
            await session.SendAsync(Encoding.UTF8.GetBytes($"{++count}: {Encoding.UTF8.GetString(datagram.Payload.Span)}"));
    }

    /// <summary>A session that is just ending drops what it gets; the peer asks again, as UDP peers do.</summary>
    private static async Task<string> AskUntilAnsweredAsync(DatagramPeer peer, string question)
    {
        for (int attempt = 0; ; attempt++)
        {
            peer.Send(question);
            try
            {
                return Encoding.UTF8.GetString(await peer.ReceiveAsync(TimeSpan.FromSeconds(1)));
            }
            catch (OperationCanceledException) when (attempt < 10)
            {
            }
        }
    }
}
