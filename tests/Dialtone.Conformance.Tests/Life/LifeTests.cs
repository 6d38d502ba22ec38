using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>A server's own life: it starts whole or not at all, and stops from anywhere, once.</summary>
public sealed class LifeTests
{
    private const int StoppingEvent = 2, StoppedEvent = 3, HookFailedEvent = 7;

    public static TheoryData<EngineKind> Engines => Matrix.Engines;

    public static TheoryData<EngineKind, string> Policies => Matrix.PolicyAndEngine;

    [Theory, MemberData(nameof(Engines))]
    public async Task A_second_server_on_the_same_port_fails_and_says_so(EngineKind engine)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync);
        var logs = new RecordingLogs();
        await using Server second = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0", rig.Address], Engine = engine, LoggerFactory = logs }).Handle(Handlers.EchoAsync);
        TransportException error = await Assert.ThrowsAsync<TransportException>(second.StartAsync);
        Assert.Equal(TransportError.AddressInUse, error.Reason);
        Assert.Contains(rig.Address.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Empty(second.Addresses);
        await second.DisposeAsync();
        Assert.Empty(logs.Lines); // what never ran does not stop
        using Caller caller = await rig.CallAsync();
        Assert.Equal("the first lives", await caller.AskAsync("the first lives"));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task When_one_address_cannot_be_bound_none_listens(EngineKind engine)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        probe.Dispose();
        await using Server server = new Server(new ServerOptions { Listen = [Address.Tcp("127.0.0.1", port), "tcp://192.0.2.1:1"], Engine = engine }).Handle(Handlers.EchoAsync);
        TransportException error = await Assert.ThrowsAsync<TransportException>(server.StartAsync);
        Assert.Equal(TransportError.AddressNotAvailable, error.Reason);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        SocketException refused = await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_port_is_bound_again_at_once_though_old_connections_linger_on_it(EngineKind engine)
    {
        var port = 0;
        for (int round = 0; round < 3; round++)
        {
            int number = port;
            await using Rig rig = await Rig.StartAsync(
                engine, Place.Tcp4, "task", static connection => connection.SendAsync("bye"u8.ToArray()).AsTask(),
                options => options with { Listen = [Address.Tcp("127.0.0.1", number)] });
            port = rig.Address.Port;
            using Caller caller = await rig.CallAsync();
            Assert.Equal(("bye", PeerEnding.Finished), await caller.ReceiveToEndAsync()); // this side closed first: TIME_WAIT is ours
            caller.Dispose();
            await rig.NextEndingAsync();
        }
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task A_handler_may_stop_its_own_server(EngineKind engine, string policy)
    {
        Server? server = null;
        var report = new TaskCompletionSource<DrainReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy.Replace(Matrix.Blocking, "", StringComparison.Ordinal), async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            report.SetResult(await server!.StopAsync(Eventually.Patience));
            await connection.SendAsync("stopped"u8.ToArray());
        });
        server = rig.Server;
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("x");
        Assert.True((await report.Task.SoonAsync()).IsClean);
        Assert.Equal(("stopped", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task A_handler_may_dispose_its_own_server(EngineKind engine, string policy)
    {
        Server? server = null;
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy.Replace(Matrix.Blocking, "", StringComparison.Ordinal), async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            await server!.DisposeAsync();
            disposed.SetResult();
        });
        server = rig.Server;
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("x");
        await disposed.Task.SoonAsync();
        caller.Dispose();
        await rig.NextEndingAsync();
    }

    [Theory]
    [InlineData(EngineKind.Epoll, Place.Tcp4)]
    [InlineData(EngineKind.Epoll, Place.Unix)]
    [InlineData(EngineKind.Epoll, Place.UnixSequenced)]
    [InlineData(EngineKind.Sockets, Place.Tcp4)]
    [InlineData(EngineKind.Sockets, Place.Unix)]
    public async Task Every_connection_has_the_socket_options_of_its_server(EngineKind engine, Place place)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The options are asked for by Linux's numbers.");
        const int SOL_SOCKET = 1, SO_SNDBUF = 7, SO_RCVBUF = 8, Send = 10_000, Receive = 12_000;
        var sizes = new TaskCompletionSource<(int, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(
            engine, place, "task",
            connection =>
            {
                sizes.SetResult((Ask(SO_SNDBUF), Ask(SO_RCVBUF)));
                return Task.CompletedTask;

                int Ask(int name)
                {
                    var value = new byte[sizeof(int)];
                    connection.GetSocketOption(SOL_SOCKET, name, value);
                    return BitConverter.ToInt32(value);
                }
            },
            static options => options with { Socket = new ListenOptions { SendBufferBytes = Send, ReceiveBufferBytes = Receive } });
        using Caller caller = await rig.CallAsync();
        Assert.Equal((2 * Send, 2 * Receive), await sizes.Task.SoonAsync()); // socket(7): the kernel doubles them for its books
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Whoever_stops_later_joins_the_first(EngineKind engine)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            await connection.SendAsync("!"u8.ToArray());
            await goOn.Task;
        });
        using Caller caller = await rig.CallAsync();
        await caller.AskAsync("!");
        Task<DrainReport> first = rig.Server.StopAsync(Eventually.Patience);
        Task<DrainReport> second = rig.Server.StopAsync(TimeSpan.Zero);
        goOn.SetResult();
        caller.Dispose();
        Assert.Same(await first.SoonAsync(), await second.SoonAsync());
        Assert.True((await first).IsClean);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Dispose_cuts_a_drain_short(EngineKind engine)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync);
        using Caller caller = await rig.CallAsync();
        await caller.AskAsync("x");
        Task<DrainReport> draining = rig.Server.StopAsync(TimeSpan.FromMinutes(10));
        await Eventually.TrueAsync(() => rig.Logs.Count(StoppingEvent) == 1, "the drain has begun");
        Assert.False(draining.IsCompleted);
        await rig.Server.DisposeAsync().AsTask().SoonAsync();
        Assert.True(draining.IsCompleted);
        DrainReport report = await draining;
        Assert.Equal((0, 1), (report.Finished, report.Stragglers.Count)); // it did not end by itself
        Assert.Equal(CloseReason.Disposed, await rig.NextEndingAsync());
        Assert.Equal(1, rig.Logs.Count(StoppedEvent));
        Assert.Equal(PeerEnding.Reset, (await caller.ReceiveToEndAsync()).Ending);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Dispose_waits_for_no_handler_that_takes_no_notice(EngineKind engine)
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, "task", server => server.Handle(_ => never.Task).HandleDatagrams(async datagram =>
            {
                await datagram.ReplyAsync(datagram.Payload);
                await never.Task;
            }),
            static options => options with { Listen = [.. options.Listen, "udp://127.0.0.1:0"] });
        using Caller caller = await rig.CallAsync();
        using DatagramClient sender = await DatagramClient.ConnectAsync(rig.Server.Addresses[1]);
        await sender.SendAsync("x"u8.ToArray());
        await sender.ReceiveAsync().AsTask().SoonAsync();
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the connection was accepted");
        Task<DrainReport> draining = rig.Server.StopAsync(TimeSpan.FromMinutes(10));
        await rig.Server.DisposeAsync().AsTask().SoonAsync();
        DrainReport report = await draining.SoonAsync();
        Assert.Equal((0, 2), (report.Finished, report.Stragglers.Count));
        never.SetResult();
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task The_drain_report_tells_who_was_cut_and_what_they_did(EngineKind engine)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, "task",
            static async connection =>
            {
                var name = new byte[1];
                await connection.ReceiveAsync(name);
                if (name[0] == 'a')
                    connection.Activity = "sending report.pdf";
                await connection.SendAsync(name);
                using CancellationTokenRegistration _ = name[0] == 'c' ? connection.Closing.UnsafeRegister(_ => connection.Activity = "told", null) : default;
                await (name[0] == 'c' ? connection.Input.ReadAsync(connection.Closing).AsTask() : Handlers.ReadToEndAsync(connection));
            },
            options => options with { Time = time });
        using Caller a = await rig.CallAsync(), b = await rig.CallAsync(), c = await rig.CallAsync();
        await a.AskAsync("a");
        await b.AskAsync("b");
        await c.AskAsync("c");
        time.Advance(TimeSpan.FromMinutes(1));
        Task<DrainReport> stopping = rig.Server.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(("", PeerEnding.Finished), await c.ReceiveToEndAsync()); // takes the hint, and is not waited for any longer
        c.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
        await time.AdvanceUntilAsync(stopping);
        DrainReport report = await stopping;
        Assert.Equal(1, report.Finished);
        Assert.False(report.IsClean);
        Assert.Equal(["reading", "sending report.pdf"], report.Stragglers.Select(static straggler => straggler.Activity).Order());
        Assert.All(report.Stragglers, static straggler =>
        {
            Assert.InRange(straggler.Age, TimeSpan.FromSeconds(70), TimeSpan.FromHours(1));
            Assert.Equal((1, 1), (straggler.BytesReceived, straggler.BytesSent));
            Assert.Equal(IPAddress.Loopback, Assert.IsType<IPEndPoint>(straggler.Remote).Address);
        });
        Assert.InRange(report.Duration, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)); // this clock runs while the machine is busy
        Assert.Contains("1 finished, 2 cut", report.ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<EngineKind, Place, string> Everywhere => Matrix.Endings;

    /// <summary>Also where reads block their thread: a handler that waits with <see cref="Connection.Closing"/> takes the hint.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_read_that_waits_is_cancelled_and_the_conversation_goes_on(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, static async connection =>
        {
            using var first = new CancellationTokenSource();
            Task cancelling = connection.SendAsync("1"u8.ToArray()).AsTask().ContinueWith(_ => first.CancelAfter(1), TaskScheduler.Default);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.ReceiveAsync(new byte[1], first.Token).AsTask());
            await cancelling;
            await connection.SendAsync("2"u8.ToArray());
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Input.ReadAsync(connection.Closing).AsTask());
            await connection.SendAsync("3"u8.ToArray());
            var last = new byte[1];
            await connection.ReceiveAsync(last);
            await connection.SendAsync(last);
        });
        using Caller caller = await rig.CallAsync();
        Assert.Equal("12", await caller.ReceiveAsync(2));
        Task<DrainReport> stopping = rig.Server.StopAsync(Eventually.Patience);
        Assert.Equal("3", await caller.ReceiveAsync(1));
        Assert.Equal("4", await caller.AskAsync("4"));
        caller.Dispose();
        Assert.True((await stopping.SoonAsync()).IsClean);
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_closing_callback_that_throws_does_not_stop_the_drain(EngineKind engine)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", static async connection =>
        {
            using CancellationTokenRegistration _ = connection.Closing.UnsafeRegister(static _ => throw new InvalidOperationException("on purpose"), null);
            await connection.SendAsync("!"u8.ToArray());
            await Handlers.ReadToEndAsync(connection);
        });
        using Caller caller = await rig.CallAsync();
        await caller.ReceiveAsync(1);
        Task<DrainReport> stopping = rig.Server.StopAsync(Eventually.Patience);
        await Eventually.TrueAsync(() => rig.Logs.Count(HookFailedEvent) == 1, "the callback was called");
        caller.Dispose();
        Assert.True((await stopping.SoonAsync()).IsClean);
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task New_callers_are_refused_while_the_server_drains(EngineKind engine, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, new Talk().For(policy));
        using Caller old = await rig.CallAsync();
        await old.AskAsync("x");
        Task<DrainReport> stopping = rig.Server.StopAsync(Eventually.Patience);
        await Eventually.TrueAsync(
            () =>
            {
                using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    late.Connect(IPAddress.Loopback, rig.Address.Port);
                    return false;
                }
                catch (SocketException e)
                {
                    return e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset;
                }
            },
            "new callers are refused");
        Assert.Equal("still served", await old.AskAsync("still served"));
        old.Dispose();
        Assert.True((await stopping.SoonAsync()).IsClean);
    }

    [Fact]
    public async Task A_server_that_never_started_stops_and_disposes()
    {
        var server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] });
        Assert.True((await server.StopAsync().SoonAsync()).IsClean);
        await server.DisposeAsync().AsTask().SoonAsync();
        // Nobody could stop it any more.
        Assert.Contains("stopped", (await Assert.ThrowsAsync<InvalidOperationException>(server.Handle(Handlers.EchoAsync).StartAsync)).Message, StringComparison.Ordinal);
        Assert.Empty(server.Addresses);
    }

    [Fact]
    public void Numbers_that_can_mean_nothing_are_refused_where_they_are_given()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => Address.Tcp("127.0.0.1", 65_536));
        Assert.Throws<ArgumentOutOfRangeException>(static () => Address.Udp("127.0.0.1", -1));
        Assert.Throws<ArgumentOutOfRangeException>(static () => new ServerOptions { DrainTimeout = TimeSpan.MaxValue });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new ServerOptions { DrainTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new ListenOptions { KeepAlive = TimeSpan.FromHours(12) }); // the kernel would take no notice
    }

    [Fact]
    public async Task A_deadline_that_is_none_is_refused_and_the_server_goes_on()
    {
        await using Rig rig = await Rig.StartAsync(EngineKind.Auto, Place.Memory, "task", Handlers.EchoAsync);
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = rig.Server.StopAsync(TimeSpan.FromSeconds(-1)); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = rig.Server.StopAsync(TimeSpan.MaxValue); });
        await using Connection caller = await Dialer.ConnectAsync(rig.Address);
        await caller.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await caller.ReceiveAsync(new byte[1]).AsTask().SoonAsync());
    }

    [Fact]
    public async Task What_is_missing_at_the_start_is_said()
    {
        await using var noAddress = new Server(new ServerOptions());
        Assert.Contains("listen", (await Assert.ThrowsAsync<InvalidOperationException>(noAddress.Handle(Handlers.EchoAsync).StartAsync)).Message, StringComparison.Ordinal);
        await using var noHandler = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] });
        Assert.Contains("handler", (await Assert.ThrowsAsync<InvalidOperationException>(noHandler.StartAsync)).Message, StringComparison.Ordinal);
        await using Server blocks = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Concurrency = Concurrency.Inline }).HandleBlocking(static _ => { });
        Assert.Contains("Concurrency.Thread", (await Assert.ThrowsAsync<NotSupportedException>(blocks.StartAsync)).Message, StringComparison.Ordinal);
        await using Rig started = await Rig.StartAsync(EngineKind.Auto, Place.Memory, "task", Handlers.EchoAsync);
        await Assert.ThrowsAsync<InvalidOperationException>(started.Server.StartAsync);
        Assert.Throws<InvalidOperationException>(() => started.Server.Handle(Handlers.EchoAsync));
    }
}
