namespace Dialtone.Commands.Tests;

public sealed class ReceivedStreamTests
{
    [Fact] // an empty write at the end of what was held, while the receiver writes already
    public async Task Whoever_passes_on_what_is_held_writes_nothing_when_nothing_is_held()
    {
        var stream = new ReceivedStream(static _ => Task.CompletedTask);
        var destination = new Slow();
        Task passing = stream.PassToAsync(destination);
        await stream.TakeAsync(new MemoryStream(new byte[100]), 100);
        destination.Go.SetResult();
        stream.End(null);
        await passing.WaitAsync(Shell.Patience);
        Assert.Equal([100], destination.Lengths);
    }

    private sealed class Slow : WriteOnlyStream
    {
        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Lengths { get; } = [];

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Lengths.Add(buffer.Length);
            await Go.Task;
        }
    }
}
