namespace Dialtone.Conformance.Tests;

/// <summary>A read that is cancelled the moment its bytes come.</summary>
public sealed class CancelledReadTests
{
    private const int Pairs = 8;
    private const int Rounds = 4_000;

    // A cancellation that was on its way when its read ended cancelled the read after it: a dialect's server closed on a caller in mid-talk.
    [Fact]
    public async Task A_cancellation_that_comes_too_late_for_its_read_does_not_cancel_the_next()
    {
        await Task.WhenAll(Enumerable.Range(0, Pairs).Select(static _ => Task.Run(RaceAsync)));

        static async Task RaceAsync()
        {
            await using ConnectedPair pair = await ConnectedPair.CreateAsync();
            var one = new byte[1];
            for (int round = 0; round < Rounds; round++)
            {
                using var quiet = new CancellationTokenSource();
                Task<int> first = pair.Server.ReceiveAsync(one, quiet.Token).AsTask();
                Task cancelling = Task.Run(quiet.Cancel);
                Task sending = Task.Run(() => pair.Client.SendAsync("1"u8.ToArray()).AsTask());
                try
                {
                    Assert.Equal(1, await first);
                }
                catch (OperationCanceledException e)
                {
                    Assert.Equal(quiet.Token, e.CancellationToken);
                    Assert.Equal(1, await pair.Server.ReceiveAsync(one));
                }

                Task<int> second = pair.Server.ReceiveAsync(one).AsTask();
                await Task.WhenAll(cancelling, sending);
                await pair.Client.SendAsync("2"u8.ToArray());
                Assert.Equal(1, await second);
                Assert.Equal("2"u8, one);
            }
        }
    }
}
