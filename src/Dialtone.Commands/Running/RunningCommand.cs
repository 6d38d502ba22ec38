using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>
/// A command that was started: its streams, and its end. Its processes are a group of their own, which is ended with it; one that left for a session of its own
/// stays when the command ends by itself, and is ended when the command is stopped.
/// </summary>
/// <remarks>
/// Read <see cref="Output"/> and <see cref="Error"/> to their ends, each at its own pace; <see cref="Ended"/> completes after that. Disposing ends
/// the command as <see cref="Stop"/> does.
/// </remarks>
public sealed class RunningCommand : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortTick = TimeSpan.FromMilliseconds(10);
    private const int KillPasses = 100;
    private const int EmptyPasses = 3;

    private readonly Lock _gate = new();
    private readonly CommandStart _start;
    private readonly TimeProvider _time;
    private readonly MemoryGroup? _memory;
    private readonly PolledDescriptor _process;
    private readonly PolledDescriptor? _terminal;
    private readonly CommandInput _input;
    private readonly CommandOutput _output;
    private readonly CommandOutput _error;
    private ITimer? _limit;       // under _gate: of time; null without one, and once it is over
    private ITimer? _watch;       // under _gate: for limits that are looked at again and again; null in the same cases
    private readonly long _startedAt;
    private readonly long _inheritedKilobytes;
    private CommandEnd _reason;   // under _gate; Finished while nobody ended it
    private bool _isReaped;       // under _gate: from then on the process number may be another's
    private bool _isOver;         // under _gate: no timer is made any more
    private bool _leftBehind;
    private int _status = -1;
    private Calls.Usage _usage;

    internal RunningCommand(CommandStart start, TimeProvider time, Spawned spawned, string mark, CommandStreams streams, MemoryGroup? memory)
    {
        (_start, _time, Mark, ProcessId, _memory) = (start, time, mark, spawned.ProcessId, memory);
        _startedAt = time.GetTimestamp();
        _inheritedKilobytes = spawned.InheritedKilobytes;
        _process = new PolledDescriptor(spawned.Pidfd, forWriting: false);
        var budget = new OutputBudget(start.Limits.OutputBytes, () => Stop(CommandEnd.OutputLimit));
        _terminal = start.Terminal is null ? null : streams.Output;
        _input = new CommandInput(streams.Input, start.Terminal is not null);
        _output = new CommandOutput(streams.Output, budget);
        _error = new CommandOutput(streams.Error, budget);
        Ended = SuperviseAsync();
        if (start.Limits.Time is not null)
            WatchTime();
        if (start.Limits.Processes is null && memory is null)
            return;
        lock (_gate)
        {
            if (!_isOver)
                _watch = time.CreateTimer(static state => ((RunningCommand)state!).Watch(), this, Tick, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The process that was started; the number of its group and of its session as well.</summary>
    public int ProcessId { get; }

    /// <summary>What every process of it has in its environment.</summary>
    internal string Mark { get; }

    /// <summary>What it reads. Disposing it is the end of its input; a write that nobody will read throws <see cref="IOException"/>.</summary>
    public Stream Input => _input;

    /// <summary>What it writes to standard output; with a terminal, everything. Nothing is read ahead of the caller.</summary>
    public Stream Output => _output;

    /// <summary>What it writes to standard error.</summary>
    public Stream Error => _error;

    /// <summary>Completes when it has ended with all its processes, and both streams were read to their ends.</summary>
    public Task<CommandReport> Ended { get; }

    /// <summary>Ends it: SIGTERM to all its processes, those that left its session included, and after <see cref="CommandLimits.Grace"/> SIGKILL. The first reason stays.</summary>
    public void Stop(CommandEnd reason)
    {
        bool isUrgent = reason is CommandEnd.ProcessLimit or CommandEnd.MemoryLimit;
        lock (_gate)
        {
            if (_reason != CommandEnd.Finished || Ended is { IsCompleted: true })
                return;
            _reason = reason;
            if (!_isReaped)
                SignalGroup(isUrgent ? Calls.SIGKILL : Calls.SIGTERM);
        }

        if (reason is CommandEnd.CallerLeft or CommandEnd.OutputLimit)
        {
            _output.Cut();
            _error.Cut();
        }

        if (isUrgent)
        {
            _ = KillAsync(TimeSpan.Zero);
            return;
        }

        _ = ProcessList.SignalAll(Mark, Calls.SIGTERM);
        _ = KillAsync(_start.Limits.Grace);
    }

    /// <summary>Sends a signal to its processes; does nothing once it has ended.</summary>
    /// <param name="signal">The name without SIG: HUP, INT, QUIT, KILL, USR1, USR2, TERM, CONT, STOP, TSTP or WINCH.</param>
    /// <returns>False when there is no such signal, or it may not be sent.</returns>
    public bool Send(string signal)
    {
        if (!Signals.TryParse(signal, out int number) || !Signals.MayBeSent(number))
            return false;
        lock (_gate)
        {
            if (!_isReaped)
                _ = Calls.kill(-ProcessId, number);
        }

        return true;
    }

    /// <summary>Tells its terminal a new size; does nothing without one.</summary>
    public void Resize(TerminalSize size)
    {
        if (size.IsValid)
            _terminal?.SetWindow(size);
    }

    /// <summary>Ends it if it still runs, without a word to whoever reads.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop(CommandEnd.CallerLeft);
        _output.Cut();
        _error.Cut();
        _ = await Ended.ConfigureAwait(false);
    }

    /// <summary>Ends the input the way it can be ended: by closing a pipe, or by the key for it in a terminal.</summary>
    internal ValueTask FinishInputAsync(CancellationToken cancellationToken) => _input.FinishAsync(cancellationToken);

    private async Task<CommandReport> SuperviseAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!HasExited())
            await _process.WaitAsync().ConfigureAwait(false);
        await DrainAsync().ConfigureAwait(false);
        await EndGroupAsync().ConfigureAwait(false);
        _output.Finish();
        _error.Finish();
        await Task.WhenAll(_output.Ended, _error.Ended).ConfigureAwait(false);
        _input.Dispose();
        _process.Dispose();
        lock (_gate)
        {
            _limit?.Dispose();
            _watch?.Dispose();
            _limit = _watch = null;
            _isOver = true;
            if (_reason == CommandEnd.Finished && _memory is { HasEndedOne: true })
                _reason = CommandEnd.MemoryLimit;
        }

        _memory?.Dispose();
        return Report();
    }

    /// <summary>Waits for the ends of the streams, or until whoever else holds them has been silent for long enough.</summary>
    private async Task DrainAsync()
    {
        Task ends = Task.WhenAll(_output.Ended, _error.Ended);
        while (!ends.IsCompleted && _reason == CommandEnd.Finished)
        {
            try
            {
                await ends.WaitAsync(Tick, _time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                if (!_output.IsQuiet(_start.Limits.Quiet) || !_error.IsQuiet(_start.Limits.Quiet))
                    continue;
                _leftBehind = true;
                return;
            }
        }
    }

    /// <summary>Ends what is left of the group.</summary>
    private async Task EndGroupAsync()
    {
        lock (_gate)
        {
            Reap();
            _isReaped = true;
        }

        // The number stays taken as long as the group has a member, and comes round again only after all others were used.
        long since = _time.GetTimestamp();
        while (Calls.kill(-ProcessId, 0) == 0 && !_leftBehind && _reason == CommandEnd.Finished && _time.GetElapsedTime(since) < Tick)
            await Task.Delay(ShortTick, _time).ConfigureAwait(false); // the last writer closes its streams a moment before it is dead

        since = _time.GetTimestamp();
        bool isFirst = true, isKilled = false;
        for (TimeSpan pause = ShortTick; Calls.kill(-ProcessId, 0) == 0; pause = pause * 2 < Tick ? pause * 2 : Tick)
        {
            // The dead that nobody has buried are members too: their new parent takes its time.
            bool isAnyAlive = ProcessList.CountOfSession(ProcessId) > 0;
            TimeSpan elapsed = _time.GetElapsedTime(since);
            if (!isAnyAlive || elapsed >= _start.Limits.Grace)
            {
                _ = Calls.kill(-ProcessId, Calls.SIGKILL); // one that was born while we looked as well
                if (!isAnyAlive || isKilled)
                    return;
                isKilled = true;
            }
            else if (isFirst)
            {
                SignalGroup(Calls.SIGTERM);
            }

            _leftBehind |= isFirst;
            isFirst = false;
            await Task.Delay(pause, _time).ConfigureAwait(false);
        }
    }

    private unsafe bool HasExited()
    {
        int* information = stackalloc int[32];
        *information = 0;
        return Calls.waitid(Calls.P_PID, (uint)ProcessId, information, Calls.WEXITED | Calls.WNOHANG | Calls.WNOWAIT) < 0
            ? Marshal.GetLastPInvokeError() != Calls.EINTR // somebody else in this process asked for it
            : *information != 0;
    }

    private unsafe void Reap()
    {
        int status;
        Calls.Usage usage;
        int result;
        do
            result = Calls.wait4(ProcessId, &status, Calls.WNOHANG, &usage);
        while (result < 0 && Marshal.GetLastPInvokeError() == Calls.EINTR);
        if (result == ProcessId)
            (_status, _usage) = (status, usage);
    }

    private void SignalGroup(int signal)
    {
        _ = Calls.kill(-ProcessId, signal);
        if (signal != Calls.SIGKILL)
            _ = Calls.kill(-ProcessId, Calls.SIGCONT); // one that was stopped could not hear of it
    }

    /// <summary>Kills all its processes, wherever they went, and what those start meanwhile.</summary>
    private async Task KillAsync(TimeSpan grace)
    {
        if (grace > TimeSpan.Zero)
            await Task.Delay(grace, _time).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_isReaped)
                SignalGroup(Calls.SIGKILL);
        }

        // One that is just becoming another program has no mark to be seen by: nobody is left when nobody was seen several times in a row.
        for (int pass = 0, none = 0; pass < KillPasses && none < EmptyPasses; pass++)
        {
            none = ProcessList.SignalAll(Mark, Calls.SIGKILL) > 0 ? 0 : none + 1;
            await Task.Delay(ShortTick, _time).ConfigureAwait(false);
        }
    }

    private void WatchTime()
    {
        TimeSpan left = _start.Limits.Time!.Value - _time.GetElapsedTime(_startedAt);
        if (left <= TimeSpan.Zero)
        {
            Stop(CommandEnd.TimeLimit);
            return;
        }

        lock (_gate)
        {
            _limit?.Dispose();
            if (!_isOver)
                _limit = _time.CreateTimer(static state => ((RunningCommand)state!).WatchTime(), this, Timers.AtMostLongest(left), Timeout.InfiniteTimeSpan);
        }
    }

    private void Watch()
    {
        if (_start.Limits.Processes is { } most && ProcessList.OfRun(ProcessId, Mark).Count() > most)
            Stop(CommandEnd.ProcessLimit);
        else if (_memory is { HasEndedOne: true })
            Stop(CommandEnd.MemoryLimit);
        lock (_gate)
            _watch?.Change(Tick, Timeout.InfiniteTimeSpan);
    }

    private CommandReport Report()
    {
        int signal = _status & 0x7F;
        var cpu = TimeSpan.FromMicroseconds(((_usage.UserSeconds + _usage.SystemSeconds) * 1_000_000.0) + _usage.UserMicroseconds + _usage.SystemMicroseconds);
        CommandEnd reason = _reason;
        if (reason == CommandEnd.Finished && _start.Limits.CpuTime is { } limit && _status != -1
            && (signal == Calls.SIGXCPU || (signal == Calls.SIGKILL && cpu >= limit)))
        {
            reason = CommandEnd.CpuLimit;
        }

        return new CommandReport
        {
            Reason = reason,
            Status = _status != -1 && signal == 0 ? (_status >> 8) & 0xFF : null,
            Signal = _status != -1 && signal != 0 ? Signals.NameOf(signal) : null,
            Output = _output.Report,
            Error = _error.Report,
            Duration = _time.GetElapsedTime(_startedAt),
            CpuTime = cpu,
            MaxMemoryBytes = _usage.MaxResidentKilobytes > _inheritedKilobytes ? _usage.MaxResidentKilobytes * 1024 : 0,
            LeftProcessesBehind = _leftBehind,
        };
    }
}
