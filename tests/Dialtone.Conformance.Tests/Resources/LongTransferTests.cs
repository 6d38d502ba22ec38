namespace Dialtone.Conformance.Tests;

/// <summary>A long transfer, during which the loop looks away, and what comes after it.</summary>
public sealed class LongTransferTests
{
    private const int Bytes = 8 * 1024 * 1024;
    private const int BufferBytes = 64 * 1024;

    [Theory, InlineData("inline", Place.Tcp4), InlineData("task", Place.Tcp4), InlineData("task", Place.Unix)]
    public async Task A_word_and_the_end_after_a_long_transfer_and_a_pause_are_heard(string policy, Place place)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs epoll.");
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(EngineKind.Epoll, place, policy, async connection =>
        {
            var buffer = new byte[BufferBytes];
            for (int left = Bytes, came; left > 0; left -= came)
            {
                came = await connection.ReceiveAsync(buffer.AsMemory(0, Math.Min(left, BufferBytes)));
                Assert.NotEqual(0, came);
            }

            ValueTask<int> word = connection.ReceiveAsync(buffer);
            taken.SetResult();
            int count = await word;
            int end = await connection.ReceiveAsync(buffer);
            heard.SetResult($"{count}, {end}");
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync(new byte[Bytes]).SoonAsync();
        await taken.Task.SoonAsync();
        await caller.SendAsync("word"u8.ToArray());
        caller.FinishSending();
        Assert.Equal("4, 0", await heard.Task.SoonAsync());
    }
}
