using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>Many who say nothing do not slow down the few who talk.</summary>
[Collection(Alone.Name)]
public sealed class CrowdTests
{
    private const int Talkers = 64;
    private const int RoundTrips = 100;

    [Theory]
    [InlineData(EngineKind.Epoll, "inline")]
    [InlineData(EngineKind.Epoll, "task")]
    [InlineData(EngineKind.Sockets, "task")]
    public async Task Idle_connections_do_not_slow_down_those_that_talk(EngineKind engine, string policy)
    {
        // Both ends stand in this process: two descriptors each.
        int idle = Math.Min(ProcessState.IsLong ? 10_000 : 2_000, (int)(DescriptorLimit.Get().Soft / 2) - 500);
        Assert.True(Concurrency.TryParse(policy, out Concurrency? concurrency));
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tcp://127.0.0.1:0"], Engine = engine, Concurrency = concurrency, Loops = 1, Limits = new() { MaxConnections = 20_000 },
        }).Handle(Handlers.EchoAsync);
        await server.StartAsync();
        var target = new IPEndPoint(IPAddress.Loopback, server.Addresses[0].Port);
        var sockets = new List<Socket>();
        try
        {
            for (int i = 0; i < Talkers; i++)
                sockets.Add(Connect(target));
            Socket[] talkers = [.. sockets];
            TimeSpan alone = await BestAsync(talkers);
            for (int i = 0; i < idle; i++)
                sockets.Add(Connect(target));
            await Eventually.TrueAsync(() => server.ActiveConnections == idle + Talkers, "all are in");
            TimeSpan inACrowd = await BestAsync(talkers);
            Assert.True(inACrowd < alone * 3, $"{Talkers} × {RoundTrips} round trips took {alone} alone and {inACrowd} beside {idle} idle ones.");
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    private static Socket Connect(IPEndPoint target)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(target);
        return socket;
    }

    /// <summary>The best of five rounds: the machine's other work only ever adds.</summary>
    private static async Task<TimeSpan> BestAsync(Socket[] talkers)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long started = Stopwatch.GetTimestamp();
            await Task.WhenAll(talkers.Select(static async socket =>
            {
                var buffer = new byte[64];
                for (int i = 0; i < RoundTrips; i++)
                {
                    await socket.SendAsync(buffer.AsMemory(), SocketFlags.None);
                    for (int got = 0; got < buffer.Length;)
                        got += await socket.ReceiveAsync(buffer.AsMemory(got), SocketFlags.None);
                }
            })).SoonAsync();
            TimeSpan took = Stopwatch.GetElapsedTime(started);
            best = took < best ? took : best;
        }

        return best;
    }
}
