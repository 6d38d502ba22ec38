namespace Dialtone.Files;

/// <summary>
/// How long an upload under way has waited for its sender. One that has been silent for <see cref="Patience"/> lets go, so that its sender can go on
/// over another line: a line that died in silence is noticed only much later.
/// </summary>
/// <remarks>The upload ends itself, as after any break; nobody else ever writes into what it holds. It is told here, and told of here when it has.</remarks>
internal sealed class SenderWatch(TimeProvider time)
{
    /// <summary>Longer than a lost packet or three hold up a line that lives (TCP sends again after 0.2, 0.4, 0.8, 1.6 s), shorter than anybody waits before calling again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new(); // no timer, no linked token: nothing to dispose
    private readonly TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _moved;      // what whoever watches waits for; under _gate
    private long _since = time.GetTimestamp(); // the last sign of life; under _gate
    private bool _isWaiting;                   // and not at work on what has come; under _gate
    private bool _isTold;                      // of waits: whoever never says that it waits is never silent; under _gate

    /// <summary>Ends the waits of an upload that is to let go.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>The next bytes are waited for.</summary>
    /// <exception cref="OperationCanceledException">The upload is to let go.</exception>
    public void Wait()
    {
        _ending.Token.ThrowIfCancellationRequested();
        lock (_gate)
            (_isWaiting, _isTold, _since) = (true, true, time.GetTimestamp());
    }

    /// <summary>They have come.</summary>
    public void Moved()
    {
        lock (_gate)
        {
            (_isWaiting, _since) = (false, time.GetTimestamp());
            _moved?.TrySetResult();
            _moved = null;
        }
    }

    /// <summary>The upload has let go of what it held, for whatever reason.</summary>
    public void LetGo()
    {
        _freed.TrySetResult();
        Moved();
    }

    /// <summary>Has the upload let go once its sender has been silent for long: true when it has, false if its sender is there.</summary>
    public async ValueTask<bool> EndIfSilentAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            TimeSpan left;
            lock (_gate)
            {
                if (_freed.Task.IsCompleted)
                    return true;
                if (!_isTold)
                    return false;
                left = Patience - time.GetElapsedTime(_since);
                if (left <= TimeSpan.Zero && !_isWaiting)
                    return false; // the disk is slow
                moved = (_moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            if (left <= TimeSpan.Zero)
                break;
            try
            {
                await moved.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
                return _freed.Task.IsCompleted;
            }
            catch (TimeoutException)
            {
                // Silent all the while: for long enough, as the clock will say.
            }
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        await _freed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }
}
