using Dialtone.Engines;
using static Dialtone.ProcessCalls;

namespace Dialtone;

/// <summary>What a worker process is doing.</summary>
internal enum WorkerState
{
    /// <summary>Started, not heard from yet.</summary>
    Starting,

    /// <summary>Ready for a caller.</summary>
    Idle,

    /// <summary>Holds a conversation.</summary>
    Serving,

    /// <summary>Told to end, or about to be killed; its exit is awaited.</summary>
    Leaving,
}

/// <summary>The server's side of one worker process. Everything here happens on the pool's loop.</summary>
internal sealed class Worker : IEpollSource, IDeadline
{
    private readonly WorkerPool _pool;
    private readonly ExitSource? _exit;
    private readonly int _pidfd;
    private readonly byte[] _buffer = new byte[WorkerMessage.MaxBytes];
    private bool _isWatched = true;
    private bool _isReaped;
    private long _killAt; // 0 for not at all

    public Worker(WorkerPool pool, int pid, ControlSocket control)
    {
        _pool = pool;
        Pid = pid;
        Control = control;
        _pidfd = OpenPidfd(pid);
        pool.Loop.Add(this, control.Descriptor, Linux.EPOLLIN | Linux.EPOLLRDHUP | Linux.EPOLLET);
        if (_pidfd < 0)
            return;
        _exit = new ExitSource(this);
        pool.Loop.Add(_exit, _pidfd, Linux.EPOLLIN | Linux.EPOLLET);
    }

    public int Pid { get; }

    public ControlSocket Control { get; }

    public WorkerState State { get; set; }

    /// <summary>What it does for the server now.</summary>
    public WorkerJob? Job { get; set; }

    /// <summary>Whether it ever said that it was ready.</summary>
    public bool WasReady { get; set; }

    /// <summary>Conversations it has held to the end.</summary>
    public int Served { get; set; }

    int IEpollSource.Slot { get; set; } = -1;

    IDeadline? IDeadline.Next { get; set; }

    IDeadline? IDeadline.Previous { get; set; }

    long IDeadline.DueTick { get; set; }

    /// <summary>Kills it unless it has got on by then. An earlier deadline stays.</summary>
    public void KillIn(TimeSpan grace)
    {
        long at = _pool.Clock.Now + (long)grace.TotalMilliseconds;
        if (_killAt != 0 && _killAt <= at)
            return;
        _killAt = at;
        _pool.Clock.Schedule(this, at);
    }

    /// <summary>It got on.</summary>
    public void Spare()
    {
        _killAt = 0;
        _pool.Clock.Cancel(this);
    }

    private void Kill()
    {
        if (!_isReaped)
            ProcessCalls.Kill(Pid, _pidfd);
    }

    /// <summary>Tells it to end, by closing its control socket.</summary>
    public void Dismiss(TimeSpan grace)
    {
        State = WorkerState.Leaving;
        CloseControl();
        if (_isReaped)
            return;
        KillIn(grace);
        if (_exit is null)
            _pool.Clock.Schedule(this, _pool.Clock.Now + 1);
    }

    private void CloseControl()
    {
        if (!_isWatched)
            return;
        _isWatched = false;
        _pool.Loop.Remove(this, Control.Descriptor);
        Control.Dispose();
    }

    void IEpollSource.OnEvents(uint events) => ReadMessages();

    private void ReadMessages()
    {
        while (_isWatched)
        {
            int count = Control.Receive(_buffer, out int passed);
            if (passed >= 0)
                _ = Linux.close(passed); // nothing of ours sends one
            if (count == ControlSocket.Nothing)
                return;
            if (count == 0)
            {
                // It has gone, or will not be spoken to any more, which comes to the same.
                Dismiss(WorkerPool.LeaveGrace);
                return;
            }

            try
            {
                _pool.OnMessage(this, _buffer.AsSpan(0, count));
            }
            catch (Exception e) when (e is ArgumentException or FormatException or IndexOutOfRangeException)
            {
                // Whatever took the worker over does not speak the format.
                Kill();
                return;
            }
        }
    }

    long IDeadline.OnDue(long now)
    {
        _pool.Post(OnDeadline);
        return 0;
    }

    private void OnDeadline()
    {
        if (_killAt != 0 && _pool.Clock.Now >= _killAt)
        {
            _killAt = 0;
            Kill();
        }

        if (_exit is null && State == WorkerState.Leaving)
            Look();
        else if (_killAt != 0)
            _pool.Clock.Schedule(this, _killAt);
    }

    /// <summary>Reaps it if it has ended. Without a pidfd, looks again at the clock's next tick.</summary>
    private unsafe void Look()
    {
        if (_isReaped)
            return;
        int status;
        int result = waitpid(Pid, &status, WNOHANG);
        if (result == 0)
        {
            if (_exit is null)
                _pool.Clock.Schedule(this, _pool.Clock.Now + 1);
            return;
        }

        // What it said last still counts. Where SIGCHLD is ignored the system has reaped it already and keeps no status.
        _isReaped = true;
        ReadMessages();
        CloseControl();
        Spare();
        if (_exit is not null)
        {
            _pool.Loop.Remove(_exit, _pidfd);
            _ = Linux.close(_pidfd);
        }

        _pool.OnExit(this, result == Pid ? DescribeStatus(status) : "an unknown status");
    }

    /// <summary>Reads a status of waitpid(2) as people do.</summary>
    private static string DescribeStatus(int status) => (status & 0x7F) == 0 ? $"exit status {(status >> 8) & 0xFF}" : $"signal {status & 0x7F}";

    /// <summary>The worker's pidfd, which says once that the process has ended.</summary>
    private sealed class ExitSource(Worker worker) : IEpollSource
    {
        int IEpollSource.Slot { get; set; } = -1;

        public void OnEvents(uint events) => worker.Look();
    }
}
