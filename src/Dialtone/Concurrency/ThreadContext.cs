namespace Dialtone;

/// <summary>Keeps an asynchronous conversation on one thread: what it awaits comes back here.</summary>
internal sealed class ThreadContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new(); // under itself
    private bool _isDone; // under _posted

    /// <summary>Runs a task on the calling thread until it has ended. The task never fails.</summary>
    public static void Run(Func<Task> start)
    {
        SynchronizationContext? previous = Current;
        var context = new ThreadContext();
        SetSynchronizationContext(context);
        try
        {
            Task task = start();
            if (!task.IsCompleted)
            {
                task.ContinueWith(static (_, state) => ((ThreadContext)state!).End(), context, CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default); // not on the pool, which may be busy
                context.Pump();
            }
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_posted)
        {
            if (!_isDone)
            {
                _posted.Enqueue((d, state));
                Monitor.Pulse(_posted);
                return;
            }
        }

        // The conversation is over; what it left running belongs to the thread pool.
        ThreadPool.UnsafeQueueUserWorkItem(static work => work.d(work.state), (d, state), preferLocal: false);
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    private void End()
    {
        lock (_posted)
        {
            _isDone = true;
            Monitor.Pulse(_posted);
        }
    }

    private void Pump()
    {
        while (true)
        {
            (SendOrPostCallback Callback, object? State) work;
            lock (_posted)
            {
                while (_posted.Count == 0)
                {
                    if (_isDone)
                        return;
                    Monitor.Wait(_posted);
                }

                work = _posted.Dequeue();
            }

            work.Callback(work.State);
        }
    }
}
