using System.Diagnostics;

namespace Dialtone.Tests.TestKit;

public sealed class ChaosTcpProxyTests : IAsyncDisposable
{
    private static readonly byte[] Message = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];
    private readonly LoopbackEcho _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Without_chaos_bytes_and_endings_pass_unchanged()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);
        peer.FinishSending();

        Assert.Equal(Message, await peer.ReceiveToEndAsync());
        Assert.Equal(PeerEnding.Finished, (await _server.First).Ending);
        Assert.Equal(1, proxy.Accepted);
    }

    [Fact]
    public async Task A_clients_reset_reaches_the_server_as_a_reset()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);
        await peer.SendAsync(Message);
        await peer.ReceiveAsync(Message.Length);

        peer.Reset();

        Assert.Equal(PeerEnding.Reset, (await _server.First).Ending);
    }

    [Fact]
    public async Task A_server_that_refuses_is_a_reset_to_the_client()
    {
        Address nobody = _server.Address;
        await _server.DisposeAsync();
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(nobody);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        Assert.Equal(PeerEnding.Reset, await peer.WaitForEndAsync());
    }

    [Theory]
    [InlineData(ChaosCut.Finish, PeerEnding.Finished)]
    [InlineData(ChaosCut.Reset, PeerEnding.Reset)]
    public async Task A_cut_lets_exactly_so_many_bytes_through_and_then_ends_both_sides(ChaosCut cut, PeerEnding expected)
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToServer = new() { CutAfter = 321, Cut = cut } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);

        Assert.Equal(expected, await peer.WaitForEndAsync());
        (byte[] received, PeerEnding ending) = await _server.First;
        Assert.Equal(expected, ending);
        Assert.Equal(Message[..321], received);
    }

    [Fact]
    public async Task A_cut_on_the_way_back_leaves_the_request_whole()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToClient = new() { CutAfter = 10 } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);

        Assert.Equal(Message[..10], await peer.ReceiveToEndAsync());
        peer.Dispose();
        Assert.Equal(Message, (await _server.First).Received);
    }

    [Fact]
    public async Task Dropped_bytes_vanish_and_the_connection_stays()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToServer = new() { CutAfter = 5, Cut = ChaosCut.Drop } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);

        Assert.Equal(Message[..5], await peer.ReceiveAsync(5));
        Assert.Equal(PeerEnding.StillOpen, await peer.WaitForEndAsync(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public async Task A_stalled_flow_takes_no_more_than_the_kernel_can_hold()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToServer = new() { CutAfter = 5, Cut = ChaosCut.Stall } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        Assert.InRange(await peer.FillAsync(), 5, 63L * 1024 * 1024);
        Assert.Equal(5, (await peer.ReceiveAsync(5)).Length);
    }

    [Fact]
    public async Task One_bit_is_turned_over_at_the_offset_and_nowhere_else()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToServer = new() { FlipBitAt = 500, MaxPieceBytes = 7 } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);
        byte[] answer = await peer.ReceiveAsync(Message.Length);

        int[] changed = [.. Enumerable.Range(0, Message.Length).Where(i => answer[i] != Message[i])];
        Assert.Equal([500], changed);
        Assert.True(int.IsPow2(answer[500] ^ Message[500]));
    }

    [Fact]
    public async Task Single_bytes_arrive_whole_and_in_order()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(
            _server.Address, new() { ToServer = new() { MaxPieceBytes = 1 }, ToClient = new() { MaxPieceBytes = 1 } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync(Message);

        Assert.Equal(Message, await peer.ReceiveAsync(Message.Length));
    }

    [Fact]
    public async Task Delayed_bytes_come_when_the_clock_says_so()
    {
        var time = new FakeTimeProvider();
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(
            _server.Address, new() { Time = time, ToServer = new() { Delay = TimeSpan.FromSeconds(30), Jitter = TimeSpan.FromSeconds(30) } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);
        await peer.SendAsync(Message);

        Task<byte[]> answer = peer.ReceiveAsync(Message.Length);
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(50))));
        await time.AdvanceUntilAsync(answer);

        Assert.Equal(Message, await answer);
        Assert.True(time.Elapsed >= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_narrow_line_takes_its_time()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { ToServer = new() { BytesPerSecond = 10_000, MaxPieceBytes = 100 } });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);
        var watch = Stopwatch.StartNew();

        await peer.SendAsync(Message);
        await peer.ReceiveAsync(Message.Length);

        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(95), $"1,000 bytes at 10,000 a second took {watch.Elapsed}");
    }

    [Fact]
    public async Task The_same_seed_cuts_each_connection_at_the_same_place()
    {
        int[] first = await CutsAsync(seed: 7);

        Assert.Equal(first, await CutsAsync(seed: 7));
        Assert.NotEqual(first, await CutsAsync(seed: 8));
        Assert.True(first.Distinct().Count() > 1);
    }

    [Fact]
    public async Task Resetting_all_ends_who_is_there_and_welcomes_who_comes()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address);
        using UnpleasantPeer before = await UnpleasantPeer.ConnectAsync(proxy.Address);
        await before.SendAsync("a"u8.ToArray());
        await before.ReceiveAsync(1);

        proxy.ResetAll();
        Assert.Equal(PeerEnding.Reset, await before.WaitForEndAsync());

        using UnpleasantPeer after = await UnpleasantPeer.ConnectAsync(proxy.Address);
        await after.SendAsync("a"u8.ToArray());
        await after.ReceiveAsync(1);
    }

    [Fact]
    public async Task More_connections_than_allowed_are_reset()
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { MaxConnections = 1 });
        using UnpleasantPeer first = await UnpleasantPeer.ConnectAsync(proxy.Address);
        await first.SendAsync("a"u8.ToArray());
        await first.ReceiveAsync(1);
        using UnpleasantPeer second = await UnpleasantPeer.ConnectAsync(proxy.Address);

        Assert.Equal(PeerEnding.Reset, await second.WaitForEndAsync());
    }

    [Fact]
    public void Another_machine_is_refused_unless_it_is_meant()
    {
        Assert.Throws<ArgumentException>(() => ChaosTcpProxy.Start(Address.Parse("tcp://192.0.2.1:9")));
        Assert.Throws<ArgumentException>(() => ChaosUdpProxy.Start(Address.Parse("udp://192.0.2.1:9")));
        Assert.Throws<ArgumentException>(() => ChaosUdpProxy.Start(Address.Parse("tcp://127.0.0.1:9")));
    }

    private async Task<int[]> CutsAsync(int seed)
    {
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(_server.Address, new() { Seed = seed, ToClient = new() { CutWithin = 1000 } });
        var cuts = new int[5];
        for (int i = 0; i < cuts.Length; i++)
        {
            using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);
            await peer.SendAsync(Message);
            cuts[i] = (await peer.ReceiveToEndAsync()).Length;
        }

        return cuts;
    }
}
