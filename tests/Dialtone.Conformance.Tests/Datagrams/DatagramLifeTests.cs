using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Datagrams;

/// <summary>Start, overload, stop: what a server does with its datagram listeners as a whole.</summary>
public sealed class DatagramLifeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string, string, string> All => DatagramCase.All();

    public static TheoryData<string, string> EnginesAndPolicies => DatagramCase.EnginesAndPolicies();

    public static TheoryData<string> EachEngine => DatagramCase.EachEngine();

    [Fact]
    public async Task An_address_without_its_kind_of_handler_is_refused_at_the_start()
    {
        await using var datagrams = new Server(new ServerOptions { Listen = ["udp://127.0.0.1:0"] }).Handle(static _ => Task.CompletedTask);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(datagrams.StartAsync);
        Assert.Contains("HandleDatagrams", error.Message, StringComparison.Ordinal);

        await using var streams = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] }).HandleDatagrams(static _ => default);
        error = await Assert.ThrowsAsync<InvalidOperationException>(streams.StartAsync);
        Assert.Contains("call Handle", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocking_handler_is_refused_inline()
    {
        await using var server = new Server(DatagramCase.Options("sockets", "inline")).HandleDatagramsBlocking(static _ => { });
        await Assert.ThrowsAsync<NotSupportedException>(server.StartAsync);
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task One_server_serves_streams_and_datagrams(string engine, string policy)
    {
        ServerOptions options = DatagramCase.Options(engine, policy) with { Listen = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://[::1]:0"] };
        await using var server = new Server(options)
            .Handle(async connection => await connection.SendAsync("stream"u8.ToArray()))
            .HandleDatagrams(static async datagram => await datagram.ReplyAsync("datagram"u8.ToArray()));
        await server.StartAsync();
        Assert.Equal([AddressScheme.Udp, AddressScheme.Tcp, AddressScheme.Udp], server.Addresses.Select(static address => address.Scheme));
        using var first = new DatagramPeer(server.Addresses[0]);
        using var second = new DatagramPeer(server.Addresses[2]);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("datagram", await first.AskAsync("a"));
            using var caller = new TcpClient();
            await caller.ConnectAsync(IPAddress.Loopback, server.Addresses[1].Port);
            using var reader = new StreamReader(caller.GetStream());
            caller.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal("stream", await reader.ReadToEndAsync().WaitAsync(Patience));
            Assert.Equal("datagram", await second.AskAsync("b"));
        }
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_draining_server_that_is_asked_to_hears_datagrams_until_its_last_connection_has_ended(string engine)
    {
        foreach (string policy in (string[])["task", "inline", "pool:4:64"])
        {
            ServerOptions options = DatagramCase.Options(engine, policy) with { Listen = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"] };
            var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = new Server(options)
                .Handle(async connection =>
                {
                    await using CancellationTokenRegistration told = connection.Closing.Register(closing.SetResult);
                    await connection.SendAsync("hello"u8.ToArray());
                    await served.Task;
                })
                .HandleDatagrams(static async datagram => await datagram.ReplyAsync("datagram"u8.ToArray()), whileDraining: true);
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            using var caller = new TcpClient();
            await caller.ConnectAsync(IPAddress.Loopback, server.Addresses[1].Port);
            await caller.GetStream().ReadExactlyAsync(new byte[5]).AsTask().WaitAsync(Patience);
            Task<DrainReport> stopping = server.StopAsync(Patience);
            await closing.Task.WaitAsync(Patience);
            Assert.Equal("datagram", await peer.AskAsync("a"));
            Assert.False(stopping.IsCompleted);
            served.SetResult();
            caller.Close();
            DrainReport report = await stopping.WaitAsync(Patience);
            Assert.True(report.IsClean, $"{policy}: {report}");
        }
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task Sequential_means_one_at_a_time_over_every_listener(string engine)
    {
        int running = 0, most = 0;
        ServerOptions options = DatagramCase.Options(engine, "sequential") with { Listen = ["udp://127.0.0.1:0", "udp://127.0.0.1:0"] };
        await using var server = new Server(options).HandleDatagrams(async datagram =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            await datagram.ReplyAsync(datagram.Payload);
        });
        await server.StartAsync();
        using var first = new DatagramPeer(server.Addresses[0]);
        using var second = new DatagramPeer(server.Addresses[1]);
        for (int i = 0; i < 50; i++)
        {
            first.Send("a");
            second.Send("b");
            await first.ReceiveAsync();
            await second.ReceiveAsync();
        }

        Assert.Equal(1, most);
    }

    [Theory, InlineData("thread:3", 3), InlineData("pool:3:100", 3)]
    public async Task No_more_handlers_run_at_a_time_than_the_policy_allows(string policy, int allowed)
    {
        foreach (string engine in DatagramCase.Engines)
        {
            int running = 0, most = 0;
            await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagramsBlocking(datagram =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                Thread.SpinWait(20_000);
                Interlocked.Decrement(ref running);
                datagram.Reply(datagram.Payload.Span);
            });
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            for (int i = 0; i < 60; i++)
                peer.Send("x");
            for (int i = 0; i < 60; i++)
                await peer.ReceiveAsync();
            Assert.InRange(most, 1, allowed);
        }
    }

    [Theory, InlineData(WhenFull.Reject, "0 1 2"), InlineData(WhenFull.DropOldest, "0 8 9")]
    public async Task A_full_pool_drops_what_it_was_told_to_drop(WhenFull whenFull, string expected)
    {
        foreach (string engine in DatagramCase.Engines)
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ServerOptions options = DatagramCase.Options(engine, "task") with { Concurrency = Concurrency.Pool(1, 2, whenFull) };
            using var drops = new DropCounter();
            await using var server = new Server(options).HandleDatagrams(async datagram =>
            {
                started.TrySetResult();
                await gate.Task;
                await datagram.ReplyAsync(datagram.Payload);
            });
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            peer.Send("0");
            await started.Task.WaitAsync(Patience);
            for (int i = 1; i < 10; i++)
                peer.Send($"{i}");
            await drops.WaitForAsync("QueueFull", 7);
            gate.SetResult();
            string[] answers = [await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync(), await peer.ReceiveTextAsync()];
            Assert.Equal(expected, string.Join(' ', answers));
            Assert.False(peer.HasAnswer);
        }
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_flood_is_survived_in_bounded_memory(string engine, string policy)
    {
        const int flood = 20_000;
        long most = 0;
        var pool = new CountingBufferPool();
        ServerOptions options = DatagramCase.Options(engine, policy, limits: new ServerLimits { MaxQueuedDatagrams = 32, MaxDatagramBytes = 2048 }) with { BufferPool = pool };
        await using (var server = new Server(options).HandleDatagrams(async datagram =>
        {
            InterlockedMax(ref most, pool.RentedBytes);
            if (datagram.Payload.Span.SequenceEqual("end"u8))
                await datagram.ReplyAsync("end"u8.ToArray());
            else
                await Task.Yield();
        }))
        {
            await server.StartAsync();
            using var peer = new DatagramPeer(server.Addresses[0]);
            var payload = new byte[1000];
            for (int i = 0; i < flood; i++)
                peer.Send(payload);
            Assert.Equal("end", await AskUntilAnsweredAsync(peer, "end"));
            Assert.True((await server.StopAsync()).IsClean);
        }

        Assert.InRange(most, 1, 512 * 1024); // 64 receive buffers, 100 datagrams under way and the reader's grace
        await pool.AssertCleanAsync();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_stop_wakes_the_loop_and_waits_for_handlers(string engine, string policy, string address)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(async datagram =>
        {
            var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (datagram.Closing.Register(closing.SetResult))
            {
                entered.SetResult();
                await closing.Task; // the reply leaves while the server drains
            }

            await datagram.ReplyAsync("last words"u8.ToArray());
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send("hello");
        await entered.Task.WaitAsync(Patience);
        DrainReport report = await server.StopAsync().WaitAsync(Patience);
        Assert.True(report.IsClean);
        Assert.Equal(1, report.Finished);
        Assert.Equal("last words", await peer.ReceiveTextAsync());
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_handler_can_stop_its_own_server(string engine, string policy, string address)
    {
        Server? server = null;
        var stopped = new TaskCompletionSource<DrainReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        server = new Server(DatagramCase.Options(engine, policy, address)).HandleDatagrams(async datagram =>
        {
            if (datagram.Payload.Length > 0)
                await Task.Yield();
            stopped.SetResult(await server!.StopAsync());
        });
        Task<DrainReport> run = server.RunAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        peer.Send(address.Length % 2 == 0 ? "" : "stop");
        Assert.True((await run.WaitAsync(Patience)).IsClean);
        Assert.True((await stopped.Task.WaitAsync(Patience)).IsClean);
        await server.DisposeAsync();
    }

    [Theory, MemberData(nameof(EnginesAndPolicies))]
    public async Task A_handler_that_does_not_end_is_reported_and_can_send_no_more(string engine, string policy)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, policy)).HandleDatagrams(async datagram =>
        {
            datagram.Reply("begun"u8);
            await release.Task;
            late.SetResult(datagram.Reply("too late"u8));
        });
        await server.StartAsync();
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("begun", await peer.AskAsync("begin"));
        DrainReport report = await server.StopAsync(TimeSpan.FromMilliseconds(50));
        Straggler straggler = Assert.Single(report.Stragglers);
        Assert.Equal(peer.LocalEndPoint, straggler.Remote);
        Assert.Equal("handling a datagram", straggler.Activity);
        release.SetResult();
        Assert.False(await late.Task.WaitAsync(Patience));
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task One_datagram_is_handled_when_one_was_asked_for(string engine)
    {
        int handled = 0;
        await using var server = new Server(DatagramCase.Options(engine, "inline")).HandleDatagrams(datagram =>
        {
            Interlocked.Increment(ref handled);
            datagram.Reply(datagram.Payload.Span);
            return default;
        });
        Task<bool> one = server.HandleOneAsync(Patience);
        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("one", await peer.AskAsync("one"));
        Assert.True(await one);
        Assert.Equal(1, handled);
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_peer_that_is_gone_when_its_answer_comes_harms_nobody(string engine)
    {
        foreach (string address in (string[])["udp://127.0.0.1:0", "unixgram:"])
        {
            await using var server = new Server(DatagramCase.Options(engine, "task", address)).HandleDatagrams(static async datagram =>
            {
                await Task.Yield();
                datagram.Reply(datagram.Payload.Span);
            });
            await server.StartAsync();
            for (int i = 0; i < 20; i++)
            {
                using var gone = new DatagramPeer(server.Addresses[0]);
                gone.Send("answer me");
            }

            using var peer = new DatagramPeer(server.Addresses[0]);
            Assert.Equal("still here", await peer.AskAsync("still here"));
        }
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_unix_peer_that_does_not_read_does_not_stop_the_loop(string engine)
    {
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, "task", "unixgram:")).HandleDatagrams(async datagram =>
        {
            for (int i = 0; i < 1000; i++)
            {
                if (!datagram.Reply(datagram.Payload.Span))
                    refused.TrySetResult();
            }

            await Task.Yield();
        });
        await server.StartAsync();
        using (var deaf = new DatagramPeer(server.Addresses[0]))
        {
            deaf.Send("shout at me");
            await refused.Task.WaitAsync(Patience);
        }

        using var peer = new DatagramPeer(server.Addresses[0]);
        Assert.Equal("still here", await AskUntilAnsweredAsync(peer, "still here"));
    }

    [Theory, MemberData(nameof(EachEngine))]
    public async Task A_unix_peer_without_a_name_cannot_be_answered(string engine)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new Server(DatagramCase.Options(engine, "inline", "unixgram:")).HandleDatagrams(datagram =>
        {
            seen.SetResult($"{datagram.CanReply} {datagram.From is null} {datagram.Reply("x"u8)} {Encoding.UTF8.GetString(datagram.Payload.Span)}");
            return default;
        });
        await server.StartAsync();
        using var unnamed = new DatagramPeer(server.Addresses[0], isNamed: false);
        unnamed.Send("hello");
        Assert.Equal("False True False hello", await seen.Task.WaitAsync(Patience));
    }

    private static void InterlockedMax<T>(ref T most, T value)
        where T : struct, IComparable<T>
    {
        lock (typeof(DatagramLifeTests))
        {
            if (value.CompareTo(most) > 0)
                most = value;
        }
    }

    private static async Task<string> AskUntilAnsweredAsync(DatagramPeer peer, string question)
    {
        for (int attempt = 0; ; attempt++)
        {
            peer.Send(question);
            try
            {
                return Encoding.UTF8.GetString(await peer.ReceiveAsync(TimeSpan.FromSeconds(1)));
            }
            catch (OperationCanceledException) when (attempt < 20)
            {
            }
        }
    }
}
