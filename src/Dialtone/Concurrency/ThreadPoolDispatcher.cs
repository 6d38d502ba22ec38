using Dialtone.Engines;

namespace Dialtone;

/// <summary>Runs blocking conversations on at most so many real threads; a thread that is free waits a while for the next one.</summary>
internal sealed class ThreadPoolDispatcher(int workers, int queue, WhenFull whenFull) : Dispatcher
{
    private readonly WaitingRoom _room = new(workers, queue, whenFull);
    private readonly Lock _gate = new();
    private readonly Stack<Worker> _idle = new(); // under _gate
    private bool _isDisposed;                     // under _gate

    public override ReadyOn ReadyOn => ReadyOn.CallerBlocks;

    public override ValueTask WaitForRoomAsync(CancellationToken stopping) => _room.WaitAsync(stopping);

    public override void ReleaseRoom() => _room.Release();

    public override void Dispatch(IConversation conversation)
    {
        if (_room.Enter(conversation) is not { } next)
            return;
        Worker? worker;
        lock (_gate)
            _idle.TryPop(out worker);
        if (worker is null)
            new Worker(this).Start(next);
        else
            worker.Give(next);
    }

    public override void Dispose()
    {
        _room.Close();
        lock (_gate)
        {
            _isDisposed = true;
            while (_idle.TryPop(out Worker? worker))
                worker.Give(null);
        }
    }

    /// <summary>One thread. It stands on the idle stack only while it waits for work.</summary>
    private sealed class Worker(ThreadPoolDispatcher pool)
    {
        private readonly SemaphoreSlim _given = new(0);
        private IConversation? _next;

        public void Start(IConversation first)
        {
            _next = first;
            try
            {
                SmallThread.Start("dialtone worker", Run);
            }
            catch (OutOfMemoryException)
            {
                first.Reject(CloseReason.QueueFull);
                pool._room.Leave()?.Reject(CloseReason.QueueFull);
            }
        }

        public void Give(IConversation? next)
        {
            _next = next;
            _given.Release();
        }

        private void Run()
        {
            while (_next is { } conversation)
            {
                ThreadContext.Run(conversation.RunAsync);
                _next = pool._room.Leave();
                if (_next is not null)
                    continue;
                lock (pool._gate)
                {
                    if (pool._isDisposed)
                        return;
                    pool._idle.Push(this);
                }

                _given.Wait();
            }
        }
    }
}
