namespace Dialtone.Commands;

/// <summary>The commands that outlive their callers: so many, each for so long after its end.</summary>
internal sealed class KeptRuns(CommandServiceOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (KeptRun Run, ITimer? Expiry)> _runs = []; // under _gate
    private int _starting;                                                          // under _gate
    private bool _isOver;                                                           // under _gate

    /// <summary>Takes a place for a run that is about to start; the oldest that has ended gives way.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public void Reserve()
    {
        lock (_gate)
        {
            if (_isOver)
                throw new CommandException(CommandError.Stopping, "The server is stopping.");
            if (_runs.Count + _starting >= options.MaxKept)
            {
                KeptRun? oldest = _runs.Values.Select(each => each.Run).Where(run => run.Ended.IsCompleted && !run.IsAttached).MinBy(run => run.StartedAt);
                if (oldest is null)
                {
                    throw options.MaxKept == 0
                        ? new CommandException(CommandError.NotAllowed, "This server keeps no commands.")
                        : new CommandException(CommandError.Busy, $"{options.MaxKept} commands are kept already.");
                }

                Forget(oldest.RunId);
            }

            _starting++;
        }
    }

    /// <summary>Gives the place back: nothing was started.</summary>
    public void Release()
    {
        lock (_gate)
            _starting--;
    }

    /// <summary>Fills the place.</summary>
    public void Add(KeptRun run)
    {
        lock (_gate)
        {
            _starting--;
            _runs[run.RunId] = (run, null);
            if (_isOver)
                run.Command.Stop(CommandEnd.ServerStopping);
        }

        _ = ExpireAsync(run);
    }

    /// <summary>The run of that name, if it is this user's.</summary>
    /// <exception cref="CommandException">There is none, or it is another's: nobody learns which.</exception>
    public KeptRun Find(string? runId, string? user)
    {
        lock (_gate)
        {
            return _runs.TryGetValue(runId ?? "", out (KeptRun Run, ITimer?) found) && found.Run.User == user
                ? found.Run
                : throw new CommandException(CommandError.NoSuchRun, "There is no such run, or it is not yours.");
        }
    }

    /// <summary>All of a user's, the oldest first.</summary>
    public KeptRun[] Of(string? user)
    {
        lock (_gate)
            return [.. _runs.Values.Select(each => each.Run).Where(run => run.User == user).OrderBy(run => run.StartedAt)];
    }

    /// <summary>Ends them all.</summary>
    public async ValueTask DisposeAsync()
    {
        KeptRun[] runs;
        lock (_gate)
        {
            _isOver = true;
            runs = [.. _runs.Values.Select(each => each.Run)];
        }

        foreach (KeptRun run in runs)
            run.Command.Stop(CommandEnd.ServerStopping);
        await Task.WhenAll(runs.Select(Task (run) => run.Ended)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            foreach (KeptRun run in runs)
                Forget(run.RunId);
        }
    }

    private async Task ExpireAsync(KeptRun run)
    {
        await ((Task)run.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        long endedAt = options.Time.GetTimestamp();
        lock (_gate)
        {
            if (!_runs.ContainsKey(run.RunId) || _isOver)
                return;
            ITimer expiry = options.Time.CreateTimer(_ => Expire(run, endedAt), null, TillExpiry(endedAt), Timeout.InfiniteTimeSpan);
            _runs[run.RunId] = (run, expiry);
        }
    }

    /// <summary>Forgets it when its time has come, and nobody reads what it wrote.</summary>
    private void Expire(KeptRun run, long endedAt)
    {
        lock (_gate)
        {
            TimeSpan left = TillExpiry(endedAt);
            if (run.IsAttached)
                left = Later;
            if (left <= TimeSpan.Zero)
                Forget(run.RunId);
            else if (_runs.TryGetValue(run.RunId, out (KeptRun Run, ITimer? Expiry) kept))
                kept.Expiry?.Change(left, Timeout.InfiniteTimeSpan);
        }
    }

    private TimeSpan TillExpiry(long endedAt) => Timers.AtMostLongest(options.KeepFor - options.Time.GetElapsedTime(endedAt));

    // Under _gate. Whoever reads it still keeps its files until then: a handle in use is closed after that.
    private void Forget(string runId)
    {
        if (!_runs.Remove(runId, out (KeptRun Run, ITimer? Expiry) found))
            return;
        found.Expiry?.Dispose();
        found.Run.Dispose();
    }
}
