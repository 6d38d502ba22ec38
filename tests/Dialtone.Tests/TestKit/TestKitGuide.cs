using System.Text;

namespace Dialtone.Tests.TestKit;

// The regions are the examples of docs/test-kit.md.
public sealed class TestKitGuide
{
    #region time
    [Fact]
    public async Task A_silent_caller_is_closed_after_two_minutes()
    {
        var time = new FakeTimeProvider();
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tcp://127.0.0.1:0"],
            Limits = new ServerLimits { Idle = TimeSpan.FromMinutes(2) },
            Time = time,
        }).Handle(call => call.Input.CopyToAsync(call.Output));
        await server.StartAsync();
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]);

        Task<PeerEnding> ending = peer.WaitForEndAsync();
        await time.AdvanceUntilAsync(ending);

        Assert.Equal(PeerEnding.Finished, await ending);
        Assert.True(time.Elapsed >= TimeSpan.FromMinutes(2));
    }
    #endregion

    #region cuts
    [Fact]
    public async Task A_line_is_a_line_wherever_it_is_cut()
    {
        await using Server server = UpperCase();
        await server.StartAsync();

        await UnpleasantPeer.SendCutAtEveryByteAsync(server.Addresses[0], "hello\r\n"u8.ToArray(), async (peer, cut) =>
            Assert.Equal("HELLO\n", Encoding.UTF8.GetString(await peer.ReceiveAsync(6))));
    }
    #endregion

    #region buffers
    [Fact]
    public async Task Callers_that_vanish_leave_no_buffer_behind()
    {
        var pool = new CountingBufferPool();
        await using Server server = UpperCase(pool);
        await server.StartAsync();

        for (int i = 0; i < 20; i++)
        {
            using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]);
            await peer.SendAsync("half a li"u8.ToArray());
            peer.Reset();
        }

        await server.StopAsync();
        await pool.AssertCleanAsync();
    }
    #endregion

    #region chaos
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_survive_a_bad_line(int seed)
    {
        await using Server server = UpperCase();
        await server.StartAsync();
        var badLine = new ChaosFlow { MaxPieceBytes = 3, Jitter = TimeSpan.FromMilliseconds(2) };
        await using ChaosTcpProxy proxy = ChaosTcpProxy.Start(
            server.Addresses[0], new ChaosTcpOptions { Seed = seed, ToServer = badLine, ToClient = badLine });
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(proxy.Address);

        await peer.SendAsync("one\ntwo\nthree\n"u8.ToArray());

        Assert.Equal("ONE\nTWO\nTHREE\n", Encoding.UTF8.GetString(await peer.ReceiveAsync(14)));
    }
    #endregion

    private static Server UpperCase(CountingBufferPool? pool = null) =>
        new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], BufferPool = pool }).Handle(async call =>
        {
            await foreach (string line in call.ReadLinesAsync())
                await call.WriteLineAsync(line.ToUpperInvariant());
        });
}
