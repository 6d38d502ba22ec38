using System.Net;
using System.Net.Sockets;

namespace Dialtone.Tests.TestKit;

public sealed class ChaosUdpProxyTests : IDisposable
{
    private const int Sent = 200;
    private readonly UdpClient _server = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpClient _client = new(new IPEndPoint(IPAddress.Loopback, 0));

    private Address Target => Address.Udp("127.0.0.1", ((IPEndPoint)_server.Client.LocalEndPoint!).Port);

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task Without_chaos_datagrams_pass_both_ways()
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target);

        Assert.Equal(Enumerable.Range(0, Sent), await PassAsync(proxy));
        UdpReceiveResult last = await RoundTripAsync(proxy, "there"u8.ToArray());
        await _server.SendAsync("and back"u8.ToArray(), last.RemoteEndPoint);

        Assert.Equal("and back"u8.ToArray(), (await _client.ReceiveAsync().WaitAsync()).Buffer);
        await Eventually(() => proxy.Counts == new ChaosCounts(Sent + 2, Sent + 2, 0, 0, 0, 0));
    }

    [Fact]
    public async Task An_empty_datagram_passes()
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target);

        Assert.Empty((await RoundTripAsync(proxy, [])).Buffer);
    }

    [Fact]
    public async Task Loss_takes_about_its_share_and_the_same_ones_every_time()
    {
        int[] first = await PassAsync(new ChaosDatagrams { Loss = 0.3 }, seed: 5);

        Assert.InRange(first.Length, Sent / 2, Sent * 9 / 10);
        Assert.Equal(first, await PassAsync(new ChaosDatagrams { Loss = 0.3 }, seed: 5));
        Assert.NotEqual(first, await PassAsync(new ChaosDatagrams { Loss = 0.3 }, seed: 6));
    }

    [Fact]
    public async Task Duplication_repeats_and_loses_none()
    {
        int[] got = await PassAsync(new ChaosDatagrams { Duplication = 0.5 }, seed: 5);

        Assert.True(got.Length > Sent * 5 / 4);
        Assert.Equal(Enumerable.Range(0, Sent), got.Distinct());
    }

    [Fact]
    public async Task Reordering_changes_places_and_loses_none()
    {
        int[] got = await PassAsync(new ChaosDatagrams { Reordering = 0.3 }, seed: 5);

        Assert.NotEqual(Enumerable.Range(0, Sent), got);
        Assert.Equal(Enumerable.Range(0, Sent), got.Order());
    }

    [Fact]
    public async Task The_last_datagram_held_back_comes_when_nothing_follows_it()
    {
        var time = new FakeTimeProvider();
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target, new() { Time = time, ToServer = new() { Reordering = 1 } });
        await SendAsync(proxy, "last"u8.ToArray());

        Task<UdpReceiveResult> arrival = _server.ReceiveAsync();
        await time.AdvanceUntilAsync(arrival);

        Assert.Equal("last"u8.ToArray(), (await arrival).Buffer);
        Assert.Equal(1, proxy.Counts.Reordered);
    }

    [Fact]
    public async Task A_cut_line_lets_so_many_through_and_no_more()
    {
        Assert.Equal(Enumerable.Range(0, 17), await PassAsync(new ChaosDatagrams { CutAfter = 17 }, seed: 1));
    }

    [Fact]
    public async Task Corruption_turns_one_bit_over()
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target, new() { ToServer = new() { Corruption = 1 } });

        byte[] got = (await RoundTripAsync(proxy, new byte[100])).Buffer;

        Assert.Equal(1, got.Sum(each => int.PopCount(each)));
    }

    [Fact]
    public async Task A_datagram_longer_than_the_path_allows_is_lost()
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target, new() { ToServer = new() { MaxBytes = 100 } });
        await SendAsync(proxy, new byte[101]);

        Assert.Equal(100, (await RoundTripAsync(proxy, new byte[100])).Buffer.Length);
        Assert.Equal(1, proxy.Counts.Lost);
    }

    [Fact]
    public async Task Delayed_datagrams_come_when_the_clock_says_so()
    {
        var time = new FakeTimeProvider();
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target, new() { Time = time, ToServer = new() { Delay = TimeSpan.FromSeconds(9) } });
        await SendAsync(proxy, "late"u8.ToArray());

        Task<UdpReceiveResult> arrival = _server.ReceiveAsync();
        Assert.NotSame(arrival, await Task.WhenAny(arrival, Task.Delay(TimeSpan.FromMilliseconds(50))));
        await time.AdvanceUntilAsync(arrival);

        Assert.True(time.Elapsed >= TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task A_server_that_is_not_there_loses_datagrams_and_breaks_nothing()
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target);
        IPEndPoint place = (IPEndPoint)_server.Client.LocalEndPoint!;
        _server.Close();
        for (int i = 0; i < 5; i++)
            await SendAsync(proxy, [1]);

        using var successor = new UdpClient(place);
        Task<UdpReceiveResult> arrival = successor.ReceiveAsync();
        for (int i = 0; i < 100 && !arrival.IsCompleted; i++)
        {
            await SendAsync(proxy, [2]);
            await Task.WhenAny(arrival, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }

        Assert.Single((await arrival.WaitAsync()).Buffer);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_chance_that_is_none_is_refused(double chance) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ChaosUdpProxy.Start(Target, new() { ToServer = new() { Loss = chance } }));

    private async Task<int[]> PassAsync(ChaosDatagrams plan, int seed)
    {
        await using ChaosUdpProxy proxy = ChaosUdpProxy.Start(Target, new() { Seed = seed, ToServer = plan });
        return await PassAsync(proxy);
    }

    /// <summary>Sends the numbers one after the other and collects what arrives until the proxy has dealt with all of them.</summary>
    private async Task<int[]> PassAsync(ChaosUdpProxy proxy)
    {
        var got = new List<int>();
        for (int i = 0; i < Sent; i++)
        {
            await SendAsync(proxy, [(byte)i]);
            // One at a time, since the kernel may lose what it has no room for.
            await Eventually(() => proxy.Counts.Received == i + 1);
            Collect();
        }

        await Eventually(() => proxy.Counts is var counts && counts.Sent + counts.Lost == Sent + counts.Duplicated);
        Collect();
        return [.. got];

        void Collect()
        {
            IPEndPoint? sender = null;
            while (_server.Available > 0)
                got.Add(_server.Receive(ref sender)[0]);
        }
    }

    private async Task<UdpReceiveResult> RoundTripAsync(ChaosUdpProxy proxy, byte[] datagram)
    {
        await SendAsync(proxy, datagram);
        return await _server.ReceiveAsync().WaitAsync();
    }

    private async Task SendAsync(ChaosUdpProxy proxy, byte[] datagram) =>
        Assert.Equal(datagram.Length, await _client.SendAsync(datagram, new IPEndPoint(IPAddress.Loopback, proxy.Address.Port)));

    private static async Task Eventually(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(1), limit.Token);
    }
}
