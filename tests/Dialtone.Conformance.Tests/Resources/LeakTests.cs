using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>Nothing is left behind: descriptors, threads, buffers and counters are back where they were.</summary>
[Collection(Alone.Name)]
public sealed class LeakTests
{
    public static TheoryData<EngineKind> Engines => Matrix.Engines;

    public static TheoryData<EngineKind, string> Policies => Matrix.PolicyAndEngine;

    [Theory, MemberData(nameof(Policies))]
    public async Task A_servers_whole_life_leaves_no_descriptor_and_no_thread(EngineKind engine, string policy)
    {
        await LiveAsync();
        (int descriptors, int threads) = (ProcessState.Descriptors, ProcessState.LibraryThreads);
        for (int life = 0; life < 5; life++)
            await LiveAsync();
        await ProcessState.SettlesAtAsync(descriptors, threads);

        async Task LiveAsync()
        {
            await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, new Talk().For(policy));
            await Task.WhenAll(Enumerable.Range(0, 12).Select(async number =>
            {
                using Caller caller = await rig.CallAsync();
                await caller.AskAsync("hello");
                if (number % 3 == 0)
                    caller.Reset();
            }));
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Threads_are_reaped_while_the_server_lives_on(EngineKind engine)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "thread:64", Handlers.EchoAsync);
        int before = ProcessState.LibraryThreads;
        var callers = new List<Caller>();
        for (int i = 0; i < 20; i++)
        {
            callers.Add(await rig.CallAsync());
            await callers[i].AskAsync("x");
        }

        Assert.InRange(ProcessState.LibraryThreads, before + 16, before + 20); // threads of earlier tests may have ended meanwhile
        callers.ForEach(static caller => caller.Dispose());
        await Eventually.TrueAsync(() => ProcessState.LibraryThreads <= before, "the callers' threads have ended");
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_thousand_failed_binds_leak_nothing(EngineKind engine)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        Address address = Address.Tcp("127.0.0.1", ((IPEndPoint)taken.LocalEndPoint!).Port);
        await FailAsync();
        (int descriptors, int threads) = (ProcessState.Descriptors, ProcessState.LibraryThreads);
        for (int i = 0; i < 1024; i++)
            await FailAsync();
        await ProcessState.SettlesAtAsync(descriptors, threads);

        async Task FailAsync()
        {
            await using Server server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0", address], Engine = engine, Loops = 1 }).Handle(Handlers.EchoAsync);
            Assert.Equal(TransportError.AddressInUse, (await Assert.ThrowsAsync<TransportException>(server.StartAsync)).Reason);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Every_counter_returns_to_zero_after_every_way_of_ending(EngineKind engine)
    {
        const int Rounds = 40;
        using var meters = new Meters();
        var time = new FakeTimeProvider();
        await using (Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, "task",
            static async connection =>
            {
                var what = new byte[1];
                if (await connection.ReceiveAsync(what) == 0)
                    return;
                switch ((char)what[0])
                {
                    case 'e':
                        throw new InvalidDataException("on purpose");
                    case 'p':
                        throw new ProtocolException(ProtocolError.BadText, "on purpose");
                    case 'a':
                        connection.Abort();
                        break;
                }

                await Handlers.EchoAsync(connection);
            },
            options => options with { Time = time, Limits = new() { MaxConnections = 2, Idle = TimeSpan.FromMinutes(1), Write = null } }))
        {
            for (int i = 0; i < Rounds; i++)
            {
                foreach (char way in "fepari")
                {
                    using Caller caller = await rig.CallAsync();
                    await caller.SendAsync($"{way}!");
                    switch (way)
                    {
                        case 'f':
                            Assert.Equal("!", await caller.ReceiveAsync(1));
                            caller.FinishSending();
                            break;
                        case 'r':
                            Assert.Equal("!", await caller.ReceiveAsync(1));
                            caller.Reset();
                            break;
                        case 'i':
                            Assert.Equal("!", await caller.ReceiveAsync(1));
                            time.Advance(TimeSpan.FromMinutes(2));
                            break;
                    }

                    if (way != 'r')
                        await caller.ReceiveToEndAsync();
                    caller.Dispose();
                    await rig.NextEndingAsync();
                }
            }

            using Caller one = await rig.CallAsync(), two = await rig.CallAsync();
            await one.SendAsync("x!");
            Assert.Equal("!", await one.ReceiveAsync(1));
            await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 2, "two are in");
            using Caller three = await rig.CallAsync();
            await three.ReceiveToEndAsync();
            Assert.Equal(2, meters["dialtone.connections.active"]);
            await rig.Server.DisposeAsync();
        }

        Assert.Equal(0, meters["dialtone.connections.active"]);
        Assert.Equal(0, meters["dialtone.queue.length"]);
        Assert.Equal((Rounds * 6) + 2, meters["dialtone.connections.accepted"]);
        Assert.Equal((Rounds * 6) + 2, meters["dialtone.connections.closed"]);
        Assert.Equal(
            $"PeerClosed {Rounds}, PeerReset {Rounds}, Aborted {Rounds}, HandlerError {Rounds}, ProtocolError {Rounds}, Disposed 2, Idle {Rounds}",
            string.Join(", ", Enum.GetValues<CloseReason>()
                .Select(reason => (Reason: reason, Count: meters[$"dialtone.connections.closed {reason}"]))
                .Where(static sum => sum.Count > 0).Select(static sum => $"{sum.Reason} {sum.Count}")));
        Assert.Equal(1, meters["dialtone.connections.rejected MaxConnections"]);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Connections_by_the_thousand_leave_memory_and_descriptors_as_they_were(EngineKind engine)
    {
        int count = ProcessState.IsLong ? 100_000 : 5_000;
        await using Server server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Engine = engine, Loops = 2 }).Handle(Handlers.EchoAsync);
        await server.StartAsync();
        await CallAsync(1_000);
        (long memory, int descriptors, int threads) = (await MemoryAsync(), ProcessState.Descriptors, ProcessState.LibraryThreads);
        await CallAsync(count);
        long grown = await MemoryAsync() - memory;
        Assert.True(grown < 1024 * 1024, $"{grown} bytes more after {count} connections");
        await ProcessState.SettlesAtAsync(descriptors, threads);

        async Task CallAsync(int callers)
        {
            var target = new IPEndPoint(IPAddress.Loopback, server.Addresses[0].Port);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(lane => Task.Run(() =>
            {
                var buffer = new byte[16];
                for (int i = lane; i < callers; i += 4)
                {
                    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    socket.Connect(target);
                    socket.Send(buffer);
                    Assert.True(socket.Receive(buffer) > 0);
                    if (i % 2 == 0)
                        socket.LingerState = new LingerOption(enable: true, seconds: 0); // and no port left in TIME_WAIT
                }
            })));
        }

        async Task<long> MemoryAsync()
        {
            await Eventually.TrueAsync(() => server.ActiveConnections == 0, "all have left");
            return GC.GetTotalMemory(forceFullCollection: true);
        }
    }
}
