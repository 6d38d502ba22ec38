using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests.Datagrams;

public sealed class FlowServerTests
{
    public static TheoryData<EngineKind> Engines => new(EngineKind.Epoll, EngineKind.Sockets);

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Messages_go_both_ways_and_each_side_learns_that_its_own_arrived(EngineKind engine)
    {
        await using var rig = await FlowRig.StartAsync(engine);
        await using FlowClient client = await rig.ConnectAsync("alex");
        Assert.Equal(FlowEnd.None, await client.SendAsync("one"u8.ToArray()));
        Assert.Equal(FlowEnd.None, await client.SendAsync("two"u8.ToArray()));
        Assert.Equal(["alex: one", "alex: two"], await FlowRig.ReadAsync(client, 2));
    }

    [Fact]
    public async Task Through_loss_duplication_and_reordering_every_message_of_many_clients_arrives_once_and_in_order()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto);
        var bad = new ChaosDatagrams { Loss = 0.1, Duplication = 0.05, Reordering = 0.05 };
        int seed = Random.Shared.Next();
        await using var chaos = ChaosUdpProxy.Start(rig.Address, new ChaosUdpOptions { Seed = seed, ToServer = bad, ToClient = bad });
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async caller =>
        {
            await using FlowClient client = await rig.ConnectAsync($"c{caller}", chaos.Address);
            string[] sent = [.. Enumerable.Range(0, 50).Select(i => $"{i}")];
            Task<List<string>> echoes = FlowRig.ReadAsync(client, sent.Length);
            FlowEnd[] outcomes = await Task.WhenAll(sent.Select(text => client.SendAsync(Encoding.UTF8.GetBytes(text)).AsTask()));
            Assert.All(outcomes, outcome => Assert.Equal(FlowEnd.None, outcome));
            Assert.True((await echoes).SequenceEqual(sent.Select(text => $"c{caller}: {text}")), $"seed {seed}");
        }));
    }

    [Fact]
    public async Task A_client_that_changes_its_address_in_mid_conversation_goes_on()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto);
        await using FlowClient client = await rig.ConnectAsync("alex");
        await client.SendAsync("here"u8.ToArray());
        EndPoint? before = rig.Sessions["alex"].RemoteEndPoint;
        await client.MoveAsync(rig.Address);
        await client.SendAsync("there"u8.ToArray());
        Assert.NotEqual(before, rig.Sessions["alex"].RemoteEndPoint);
        Assert.Equal(["alex: here", "alex: there"], await FlowRig.ReadAsync(client, 2));
    }

    [Fact]
    public async Task Strangers_get_no_answer_move_no_session_and_cost_nothing()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto);
        await using FlowClient client = await rig.ConnectAsync("alex");
        await client.SendAsync("hello"u8.ToArray());
        EndPoint? at = rig.Sessions["alex"].RemoteEndPoint;

        using DatagramClient stranger = await DatagramClient.ConnectAsync(rig.Address);
        var forged = new byte[100];
        Random.Shared.NextBytes(forged);
        (forged[0], forged[1]) = (0xFF, 1);
        BitConverter.TryWriteBytes(forged.AsSpan(2), rig.Sessions["alex"].Id);
        await stranger.SendAsync(forged);
        for (int length = 2; length < 40; length++)
            await stranger.SendAsync(forged.AsMemory(0, length)); // the first two bytes are answered no more than a whole packet
        await stranger.SendAsync("plain"u8.ToArray());
        Assert.Equal("plain", Encoding.UTF8.GetString((await stranger.ReceiveAsync()).Span)); // the first thing it hears

        await client.SendAsync("still here"u8.ToArray());
        Assert.Equal(at, rig.Sessions["alex"].RemoteEndPoint);
        Assert.Equal(1, rig.Flows.Count);
    }

    [Fact]
    public async Task No_more_are_admitted_than_the_maximum_and_one_that_leaves_makes_room()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto, new FlowServerOptions { MaxSessions = 2 });
        await using FlowClient first = await rig.ConnectAsync("first");
        await first.SendAsync("hello"u8.ToArray());
        Assert.True(rig.Flows.TryAdmit("second", out _, out _));
        Assert.False(rig.Flows.TryAdmit("third", out _, out _));
        await first.DisposeAsync();
        await rig.Ended.Task;
        Assert.True(rig.Flows.TryAdmit("fourth", out _, out _));
    }

    [Fact]
    public async Task Who_was_admitted_and_never_speaks_is_dropped_and_so_is_who_falls_silent()
    {
        var time = new FakeTimeProvider();
        await using var flows = new FlowServer((_, _) => { }, options: new FlowServerOptions { Time = time });
        Assert.True(flows.TryAdmit("quiet", out FlowSession? session, out _));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(1, flows.Count);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(0, flows.Count);
        Assert.Equal(FlowEnd.Closed, session!.End);
        Assert.False(session.TrySend("too late"u8.ToArray()));
    }

    [Fact]
    public async Task A_handler_that_throws_ends_its_session_and_no_other()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto);
        await using FlowClient good = await rig.ConnectAsync("good");
        await using FlowClient bad = await rig.ConnectAsync("bad");
        await bad.SendAsync("throw"u8.ToArray());
        await rig.Ended.Task;
        Assert.Equal(FlowEnd.Closed, rig.Sessions["bad"].End);
        Assert.Empty(await FlowRig.ReadAsync(bad, 1));
        Assert.Equal(FlowEnd.ClosedByPeer, bad.End);
        await good.SendAsync("still here"u8.ToArray());
        Assert.Equal(["good: still here"], await FlowRig.ReadAsync(good, 1));
    }

    [Fact]
    public async Task A_message_to_a_client_that_has_gone_is_reported_as_failed()
    {
        await using var rig = await FlowRig.StartAsync(EngineKind.Auto, new FlowServerOptions { Flow = new FlowOptions { GiveUp = TimeSpan.FromMilliseconds(300) } });
        var outcome = new TaskCompletionSource<FlowEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            await using var chaos = ChaosUdpProxy.Start(rig.Address, new ChaosUdpOptions { ToClient = new ChaosDatagrams { Loss = 1 } });
            await using FlowClient client = await rig.ConnectAsync("deaf", chaos.Address);
            await rig.Spoke.Task;
            Assert.True(rig.Sessions["deaf"].TrySend("can you hear me?"u8.ToArray(), outcome.SetResult));
            Assert.Equal(FlowEnd.Unanswered, await outcome.Task);
        }
    }

    private sealed class FlowRig : IAsyncDisposable
    {
        private readonly Server _server;

        private FlowRig(EngineKind engine, FlowServerOptions? options)
        {
            Flows = new FlowServer(
                (session, message) =>
                {
                    Spoke.TrySetResult();
                    if (message.AsSpan().SequenceEqual("throw"u8))
                        throw new InvalidOperationException("as it was told");
                    session.TrySend(Encoding.UTF8.GetBytes($"{session.Tag}: {Encoding.UTF8.GetString(message)}"));
                    session.Taken(message.Length);
                },
                _ => Ended.TrySetResult(),
                options);
            _server = new Server(new ServerOptions { Listen = ["udp://127.0.0.1:0"], Engine = engine }).HandleDatagrams(async datagram =>
            {
                if (!Flows.Receive(datagram))
                    await datagram.ReplyAsync(datagram.Payload);
                else
                    Spoke.TrySetResult();
            });
        }

        public FlowServer Flows { get; }

        public Address Address => _server.Addresses[0];

        public ConcurrentDictionary<string, FlowSession> Sessions { get; } = new();

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Spoke { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static async Task<FlowRig> StartAsync(EngineKind engine, FlowServerOptions? options = null)
        {
            var rig = new FlowRig(engine, options);
            await rig._server.StartAsync();
            return rig;
        }

        public static async Task<List<string>> ReadAsync(FlowClient client, int count)
        {
            var texts = new List<string>();
            await foreach (ReadOnlyMemory<byte> message in client.ReadAllAsync())
            {
                texts.Add(Encoding.UTF8.GetString(message.Span));
                if (texts.Count == count)
                    break;
            }

            return texts;
        }

        public async Task<FlowClient> ConnectAsync(string name, Address? through = null)
        {
            Assert.True(Flows.TryAdmit(name, out FlowSession? session, out byte[]? secret));
            Sessions[name] = session!;
            return await FlowClient.ConnectAsync(through ?? Address, new FlowKeys(session!.Id, secret!));
        }

        public async ValueTask DisposeAsync()
        {
            await Flows.DisposeAsync();
            await _server.DisposeAsync();
        }
    }
}
