using System.Text;

namespace Dialtone.Tests.TestKit;

public sealed class UnpleasantPeerTests : IAsyncDisposable
{
    private readonly LoopbackEcho _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_message_is_sent_cut_at_every_byte()
    {
        byte[] message = "hello"u8.ToArray();
        var cuts = new List<int>();

        await UnpleasantPeer.SendCutAtEveryByteAsync(_server.Address, message, async (peer, cut) =>
        {
            cuts.Add(cut);
            Assert.Equal(message, await peer.ReceiveAsync(message.Length));
        });

        Assert.Equal([1, 2, 3, 4], cuts);
    }

    [Fact]
    public async Task After_a_half_close_the_answer_still_comes()
    {
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address);
        await peer.SendByteByByteAsync("bytes"u8.ToArray());
        peer.FinishSending();

        Assert.Equal("bytes", Encoding.ASCII.GetString(await peer.ReceiveToEndAsync()));
        Assert.Equal(PeerEnding.Finished, (await _server.First).Ending);
    }

    [Fact]
    public async Task A_reset_is_seen_as_a_reset()
    {
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address);
        await peer.SendAsync("x"u8.ToArray());
        await peer.ReceiveAsync(1);

        peer.Reset();

        Assert.Equal(PeerEnding.Reset, (await _server.First).Ending);
    }

    [Fact]
    public async Task A_quick_plague_of_resets_leaves_the_server_answering()
    {
        await UnpleasantPeer.ConnectAndResetAsync(_server.Address, 50);

        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address);
        await peer.SendAsync("x"u8.ToArray());
        Assert.Single(await peer.ReceiveAsync(1));
    }

    [Fact]
    public async Task A_peer_with_a_small_buffer_that_reads_slowly_gets_everything()
    {
        byte[] message = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address, receiveBufferBytes: 1024);
        await peer.SendAsync(message);

        Assert.Equal(message, await peer.ReceiveSlowlyAsync(message.Length, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_server_that_keeps_silent_runs_into_the_deadline()
    {
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address);
        var deadline = TimeSpan.FromMilliseconds(20);

        Assert.Equal(PeerEnding.StillOpen, await peer.WaitForEndAsync(deadline));
        TestKitException error = await Assert.ThrowsAsync<TestKitException>(() => peer.ReceiveAsync(1, deadline));
        Assert.Equal(TestKitError.Deadline, error.Reason);
    }

    [Fact]
    public async Task An_early_end_is_told_from_an_answer()
    {
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(_server.Address);
        await peer.SendAsync("abc"u8.ToArray());
        peer.FinishSending();

        await Assert.ThrowsAsync<EndOfStreamException>(() => peer.ReceiveAsync(4));
    }
}
