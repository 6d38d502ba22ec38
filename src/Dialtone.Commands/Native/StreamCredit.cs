namespace Dialtone.Commands;

/// <summary>How much of one stream may still be sent. One sender takes, the peer's frames add.</summary>
internal sealed class StreamCredit(long initial)
{
    private const long Most = 1L << 40;

    private readonly Lock _gate = new();
    private long _left = initial;                // under _gate
    private TaskCompletionSource? _waiting;      // under _gate

    /// <summary>Adds what the peer has made room for.</summary>
    /// <exception cref="ProtocolException">No peer has so much room.</exception>
    public void Add(int bytes)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            if (bytes < 0 || _left > Most)
                throw new ProtocolException(ProtocolError.BadHeader, "The peer's credit is out of bounds.");
            _left += bytes;
            if (_left <= 0)
                return;
            waiting = _waiting;
            _waiting = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Waits until there is some, and takes at most <paramref name="most"/>; 0 when <paramref name="gone"/> fired.</summary>
    public async ValueTask<int> TakeAsync(int most, CancellationToken gone)
    {
        while (!gone.IsCancellationRequested)
        {
            Task wait;
            lock (_gate)
            {
                if (_left > 0)
                {
                    var taken = (int)Math.Min(most, _left);
                    _left -= taken;
                    return taken;
                }

                _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _waiting.Task;
            }

            try
            {
                await wait.WaitAsync(gone).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }

        return 0;
    }
}
