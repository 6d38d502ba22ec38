using System.Buffers;

namespace Dialtone.Conformance.Tests;

/// <summary>A write while another is under way.</summary>
public sealed class SecondWriterTests
{
    private const int FirstBytes = 8 * 1024 * 1024; // more than sockets hold

    [Theory, InlineData(64), InlineData(64 * 1024)]
    public async Task A_second_write_is_refused_and_nothing_of_it_is_sent(int bytes)
    {
        await using ConnectedPair pair = await ConnectedPair.CreateAsync();
        pair.Client.Output.Write(new byte[FirstBytes]);
        var flush = pair.Client.Output.FlushAsync();
        Assert.False(flush.IsCompleted);

        byte[] second = Enumerable.Repeat((byte)2, bytes).ToArray();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.Output.WriteAsync(second));

        var received = new byte[FirstBytes + bytes];
        int count = 0;
        Task finish = FinishAsync();
        while (await pair.Server.ReceiveAsync(received.AsMemory(count)) is > 0 and int more)
            count += more;
        await finish;
        Assert.Equal(FirstBytes, count);
        Assert.DoesNotContain((byte)2, received);

        async Task FinishAsync()
        {
            await flush;
            await pair.Client.FinishSendingAsync();
        }
    }
}
