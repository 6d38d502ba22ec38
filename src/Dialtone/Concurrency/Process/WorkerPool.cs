using System.Net;
using Dialtone.Engines;
using static Dialtone.Engines.Linux;

namespace Dialtone;

/// <summary>
/// The server's side of the Process policy: starts workers, hands accepted descriptors to them, hears how conversations end, and sees every
/// worker out.
/// </summary>
/// <remarks>All state belongs to one loop thread, which also starts the processes: the kernel kills a worker when that thread ends.</remarks>
internal sealed class WorkerPool
{
    /// <summary>How long a worker may take from its start to its first word.</summary>
    private static readonly TimeSpan StartGrace = TimeSpan.FromSeconds(30);

    /// <summary>How long a handler whose connection passed a limit may take to notice.</summary>
    private static readonly TimeSpan LimitGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long one that was cut by the drain may take; shorter than the server waits for it before it reports.</summary>
    private static readonly TimeSpan CutGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a worker may take to leave once it was told to.</summary>
    public static readonly TimeSpan LeaveGrace = TimeSpan.FromSeconds(5);

    /// <summary>The same when the whole server stops.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly ConnectionHost _host;
    private readonly Concurrency _policy;
    private readonly WorkerCommand _command;
    private readonly Action<WorkerJob, TimeSpan?> _stop;
    private readonly List<Worker> _workers = [];        // every process not yet reaped
    private readonly LinkedList<WorkerJob> _waiting = []; // callers for whom no worker is ready
    private readonly AcceptBackOff _backOff;
    private readonly Retry _retry;
    private readonly TaskCompletionSource _allGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _closing;
    private readonly Lock _gate = new();
    private bool _isGone;     // under _gate; the loop has ended
    private bool _isHeldBack; // a start failed a moment ago
    private bool _isClosing;
    private bool _isStopping;

    /// <param name="host">What the server's connections share.</param>
    /// <param name="policy">How many workers, and which program.</param>
    /// <param name="server">Which of the program's servers this is.</param>
    /// <param name="stop">Called when a handler asks the server to stop.</param>
    public WorkerPool(ConnectionHost host, Concurrency policy, int server, Action<WorkerJob, TimeSpan?> stop)
    {
        _host = host;
        _policy = policy;
        _stop = stop;
        _command = new WorkerCommand(policy.Worker, server);
        _backOff = new AcceptBackOff(host.Clock.Time);
        _retry = new Retry(this);
        Loop = new EpollLoop("dialtone workers", ReadyOn.Loop);
        _closing = host.Closing.Token.UnsafeRegister(static pool => ((WorkerPool)pool!).Post(((WorkerPool)pool).TellClosing), this);
        Post(Balance);
    }

    public EpollLoop Loop { get; }

    public DeadlineClock Clock => _host.Clock;

    /// <summary>Has a worker hold the conversation: how it ended, with the counts written into the connection.</summary>
    public Task<CloseReason> ServeAsync(Connection connection)
    {
        // The limits on time hold in the worker from now on.
        Clock.Cancel(connection);
        var job = new ConversationJob(connection);
        connection.Upgrade(inner => job.Transport = new HandOver(this, job, inner));
        Post(() => Enter(job));
        return job.Ended;
    }

    /// <summary>Has a worker handle the datagram, which is lent to it until the task ends.</summary>
    public async ValueTask HandleAsync(Datagram datagram)
    {
        var job = new DatagramJob(_host.NextId(), datagram);
        Post(() => Enter(job));
        if (await job.Ended.ConfigureAwait(false) is (CloseReason.WorkerLost or CloseReason.QueueFull or CloseReason.Drained) and var reason)
            DatagramDrops.Count(reason);
    }

    /// <summary>Ends every worker: those that do nothing leave by themselves, the rest is killed. Returns when the last was reaped.</summary>
    public async Task StopAsync(int finished)
    {
        Post(() => StopAll(finished));
        await _allGone.Task.ConfigureAwait(false);
        await _closing.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
            _isGone = true;
        Loop.Dispose();
    }

    /// <summary>Runs something on the loop, if there is one yet.</summary>
    public void Post(Action action)
    {
        lock (_gate)
        {
            if (!_isGone)
                Loop.Post(new Step(action));
        }
    }

    public void Abort(WorkerJob job) => Post(() => OnAbort(job));

    // ---- on the loop from here on ----

    private void Enter(WorkerJob job)
    {
        if (job.Reason != CloseReason.None || _isStopping)
        {
            job.End(CloseReason.Drained);
            return;
        }

        _waiting.AddLast(job);
        Balance();
    }

    /// <summary>Gives those who wait to those who are ready, and starts as many as are missing.</summary>
    private void Balance()
    {
        if (_isStopping)
            return;
        while (_waiting.First is { } first && _workers.Find(static worker => worker.State == WorkerState.Idle) is { } idle)
        {
            _waiting.RemoveFirst();
            Give(idle, first.Value);
        }

        int missing = _waiting.Count + (_isClosing ? 0 : _policy.Prestart)
            - _workers.Count(static worker => worker.State is WorkerState.Idle or WorkerState.Starting);
        while (missing-- > 0 && _workers.Count < _policy.Max && !_isHeldBack)
            Start();
    }

    private void Start()
    {
        try
        {
            (int ours, int theirs) = ControlSocket.OpenPair();
            var control = new ControlSocket(ours);
            int error = _command.TryStart(theirs, out int pid);
            _ = close(theirs);
            if (error != 0)
            {
                control.Dispose();
                throw Error(error);
            }

            if (TryWatch(pid, control) is { } worker)
            {
                worker.KillIn(StartGrace);
                _workers.Add(worker);
            }
        }
        catch (TransportException e)
        {
            HoldBack(e.Message, e);
        }
    }

    private Worker? TryWatch(int pid, ControlSocket control)
    {
        try
        {
            return new Worker(this, pid, control);
        }
        catch
        {
            control.Dispose();
            Reap(pid);
            throw;
        }
    }

    /// <summary>Ends a process that was started a moment ago and cannot be watched: SIGKILL is met at once.</summary>
    private static unsafe void Reap(int pid)
    {
        int status;
        _ = ProcessCalls.kill(pid, ProcessCalls.SIGKILL);
        while (ProcessCalls.waitpid(pid, &status, 0) < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == EINTR)
        {
        }
    }

    /// <summary>No worker could be started: callers for whom none is coming are closed, and the next start waits a while.</summary>
    private void HoldBack(string problem, Exception? error)
    {
        Instruments.Shared.Errors.Add(1, new KeyValuePair<string, object?>("error.type", error?.GetType().Name ?? "WorkerNotStarted"));
        TimeSpan delay = _backOff.Failed(out bool shouldLog);
        if (shouldLog)
            _host.Logger.WorkerNotStarted(problem, delay.TotalMilliseconds, error);
        int coming = _workers.Count(static worker => worker.State == WorkerState.Starting);
        while (_waiting.Count > coming)
        {
            WorkerJob last = _waiting.Last!.Value;
            _waiting.RemoveLast();
            last.End(CloseReason.QueueFull);
        }

        _isHeldBack = true;
        Clock.Schedule(_retry, Clock.Now + (long)delay.TotalMilliseconds);
    }

    private void OnRetry()
    {
        _isHeldBack = false;
        Balance();
    }

    private void Give(Worker worker, WorkerJob job)
    {
        int error = job.TryGive(worker.Control);
        if (error == 0)
        {
            worker.State = WorkerState.Serving;
            worker.Job = job;
            job.Worker = worker;
            if (_isClosing)
                _ = worker.Control.TrySend(WorkerMessage.Of(WorkerMessageKind.Closing));
            if (job.Reason != CloseReason.None)
                OnAbort(job);
        }
        else if (error is EPIPE or ECONNRESET)
        {
            // It died a moment ago, before it had anything to do with this caller.
            worker.State = WorkerState.Leaving;
            _waiting.AddFirst(job);
        }
        else
        {
            Instruments.Shared.Errors.Add(1, new KeyValuePair<string, object?>("error.type", nameof(TransportException)));
            job.End(CloseReason.QueueFull);
        }
    }

    private void OnAbort(WorkerJob job)
    {
        if (job.Worker is { } worker)
        {
            if (worker.Job != job)
                return;
            _ = worker.Control.TrySend(WorkerMessage.Of(WorkerMessageKind.Abort, (byte)job.Reason));
            worker.KillIn(CutGrace);
        }
        else if (_waiting.Remove(job))
        {
            job.End(CloseReason.Aborted);
        }
    }

    /// <summary>Acts on a message; whatever does not speak the format is met with an exception, and killed.</summary>
    public void OnMessage(Worker worker, ReadOnlySpan<byte> message)
    {
        var kind = (WorkerMessageKind)message[0];
        switch (kind)
        {
            case WorkerMessageKind.Ready when worker.State == WorkerState.Starting:
                OnReady(worker, message[1]);
                break;
            case WorkerMessageKind.Charge:
                (IPAddress address, Penalty penalty) = WorkerMessage.ReadCharge(message);
                _host.Penalties?.Charge(address, penalty);
                break;
            case WorkerMessageKind.Aborted or WorkerMessageKind.Progress or WorkerMessageKind.Stop or WorkerMessageKind.Ended or WorkerMessageKind.Caller:
                // A word on a conversation that has ended meanwhile comes too late to matter.
                if (worker.Job is { } job && job.Id == WorkerMessage.ReadInt64(message, 1))
                    OnMessage(worker, job, kind, message);
                break;
            default:
                throw new FormatException("The worker's message is not one of the format, or not for now.");
        }
    }

    private void OnMessage(Worker worker, WorkerJob job, WorkerMessageKind kind, ReadOnlySpan<byte> message)
    {
        switch (kind)
        {
            case WorkerMessageKind.Aborted:
                job.Aborted(WorkerMessage.ReadReason(message));
                worker.KillIn(LimitGrace);
                break;
            case WorkerMessageKind.Progress:
                (long received, long sent, string activity) = WorkerMessage.ReadProgress(message);
                job.SetProgress(received, sent, activity);
                break;
            case WorkerMessageKind.Caller when job is ConversationJob { Connection: var connection }:
                CloseReason? refusal = _host.Server!.AdmitCaller(connection, WorkerMessage.ReadCaller(message));
                _ = worker.Control.TrySend(WorkerMessage.Of(WorkerMessageKind.CallerAdmitted, (byte)(refusal ?? CloseReason.None)));
                break;
            case WorkerMessageKind.Stop:
                _stop(job, WorkerMessage.ReadStop(message));
                break;
            case WorkerMessageKind.Ended:
                (CloseReason reason, received, sent) = WorkerMessage.ReadEnded(message);
                job.SetProgress(received, sent, null);
                OnEnded(worker, job, reason);
                break;
        }
    }

    private void OnReady(Worker worker, byte version)
    {
        if (version != WorkerMessage.Version)
        {
            // The program was replaced while it ran: its new version cannot serve under the old one.
            HoldBack($"it speaks version {version} of the format, this server version {WorkerMessage.Version}", null);
            worker.Dismiss(LeaveGrace);
            return;
        }

        _backOff.Succeeded();
        worker.Spare();
        worker.WasReady = true;
        worker.State = WorkerState.Idle;
        Balance();
    }

    private void OnEnded(Worker worker, WorkerJob job, CloseReason reason)
    {
        worker.Job = null;
        worker.Served++;
        worker.Spare();
        if (worker.Served < _policy.Reuse && !_isStopping)
            worker.State = WorkerState.Idle;
        else
            worker.Dismiss(_isStopping ? StopGrace : LeaveGrace);
        job.End(reason);
        Balance();
    }

    public void OnExit(Worker worker, string status)
    {
        _workers.Remove(worker);
        if (worker.Job is { } job)
        {
            if (job.Reason == CloseReason.None)
            {
                _host.Logger.WorkerLost(worker.Pid, job.Id, job.Remote, status);
                // A datagram's sender may be anyone's address: it proves nothing.
                if (job is ConversationJob { Connection.CountedAs: { IsNone: false } peer })
                    _host.Penalties?.Charge(peer.ToAddress(), Penalty.Crashed);
            }

            job.End(CloseReason.WorkerLost);
        }
        else if (!worker.WasReady && !_isStopping)
        {
            HoldBack($"it ended with {status} before it was ready", null);
        }

        if (_isStopping && _workers.Count == 0)
            _allGone.TrySetResult();
        Balance();
    }

    private void TellClosing()
    {
        _isClosing = true;
        foreach (Worker worker in _workers.Where(static worker => worker.State == WorkerState.Serving))
            _ = worker.Control.TrySend(WorkerMessage.Of(WorkerMessageKind.Closing));
    }

    private void StopAll(int finished)
    {
        _isStopping = true;
        Clock.Cancel(_retry);
        foreach (WorkerJob job in _waiting)
            job.End(CloseReason.Drained);
        _waiting.Clear();
        foreach (Worker worker in _workers.ToArray())
        {
            if (worker.State is WorkerState.Idle or WorkerState.Starting)
            {
                worker.Dismiss(StopGrace);
                continue;
            }

            // Its handler waits for this stop, or it should have gone by now.
            _ = worker.Control.TrySend(WorkerMessage.Of(WorkerMessageKind.Stopped, finished));
            worker.KillIn(StopGrace);
        }

        if (_workers.Count == 0)
            _allGone.TrySetResult();
    }

    /// <summary>The pool's own deadline: when to try again to start a worker.</summary>
    private sealed class Retry(WorkerPool pool) : IDeadline
    {
        IDeadline? IDeadline.Next { get; set; }

        IDeadline? IDeadline.Previous { get; set; }

        long IDeadline.DueTick { get; set; }

        long IDeadline.OnDue(long now)
        {
            pool.Post(pool.OnRetry);
            return 0;
        }
    }

    private sealed class Step(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
