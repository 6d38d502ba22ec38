namespace Dialtone;

/// <summary>
/// So many places. Whoever waits for one goes on when it is given back, without the help of the thread pool, which may be busy with somebody
/// else's work: at once, or where its context wants it to.
/// </summary>
internal sealed class Room(int places)
{
    private readonly Lock _gate = new();
    private readonly Queue<Turn> _waiting = []; // under _gate
    private int _free = places;                 // under _gate

    /// <summary>Takes a place, when there is one.</summary>
    /// <exception cref="OperationCanceledException">The server stops.</exception>
    public ValueTask EnterAsync(CancellationToken stopping)
    {
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return default;
            }

            var turn = new Turn(stopping);
            _waiting.Enqueue(turn);
            return new ValueTask(turn.Task);
        }
    }

    /// <summary>Gives a place back, to whoever waits longest.</summary>
    public void Leave()
    {
        Turn? next;
        do
        {
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _free++;
                    return;
                }
            }
        }
        while (!next.TryBegin());
    }

    private sealed class Turn : TaskCompletionSource
    {
        private readonly CancellationTokenRegistration _cancel;

        public Turn(CancellationToken stopping) =>
            _cancel = stopping.UnsafeRegister(static (turn, stopping) => ((Turn)turn!).TrySetCanceled(stopping), this);

        /// <summary>False when it was cancelled before.</summary>
        public bool TryBegin()
        {
            _cancel.Unregister();
            return TrySetResult();
        }
    }
}
