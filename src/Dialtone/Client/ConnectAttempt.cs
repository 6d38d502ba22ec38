using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>One connect(2) under way: done when the socket becomes writable or fails.</summary>
internal sealed class ConnectAttempt : IEpollSource
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    int IEpollSource.Slot { get; set; } = -1;

    /// <summary>Waits for the end: the error number, or 0.</summary>
    public static async Task<int> WaitAsync(EpollLoop loop, int descriptor, CancellationToken cancellationToken)
    {
        var attempt = new ConnectAttempt();
        loop.Add(attempt, descriptor, EPOLLOUT | EPOLLET);
        try
        {
            await attempt._done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            loop.Remove(attempt, descriptor);
        }

        return GetOption(descriptor, SOL_SOCKET, SO_ERROR);
    }

    public void OnEvents(uint events) => _done.TrySetResult();
}
