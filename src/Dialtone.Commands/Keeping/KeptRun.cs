namespace Dialtone.Commands;

/// <summary>A command that outlives its caller. One caller at a time sees it; another one that attaches takes over.</summary>
internal sealed class KeptRun : IDisposable
{
    private readonly Lock _gate = new();
    private readonly KeptOutput _output;
    private readonly KeptOutput _error;
    private CommandReport? _report;
    private Action? _detach; // under _gate: tells whoever is attached that another one is now

    /// <param name="served">The command; its streams are read from here.</param>
    /// <param name="title">What was asked for.</param>
    /// <param name="user">Whose it is.</param>
    /// <param name="startedAt">A timestamp of the service's time.</param>
    /// <param name="output">Takes standard output. Disposed with this, as is the next.</param>
    /// <param name="error">Takes standard error.</param>
    public KeptRun(ServedCommand served, string title, string? user, long startedAt, KeptOutput output, KeptOutput error)
    {
        (RunId, Rule, Command, Title, User, StartedAt, _output, _error) = (served.RunId, served.Rule, served.Command, title, user, startedAt, output, error);
        Ended = FollowAsync(served.Ended);
    }

    public string RunId { get; }

    public string Rule { get; }

    /// <summary>What was asked for.</summary>
    public string Title { get; }

    /// <summary>Who may attach; null where callers prove nothing, so that all are the same.</summary>
    public string? User { get; }

    public RunningCommand Command { get; }

    /// <summary>A timestamp of the service's time.</summary>
    public long StartedAt { get; }

    /// <summary>Completes when the command has ended, all of its output is kept, and that is recorded.</summary>
    public Task<CommandReport> Ended { get; }

    /// <summary>The report; null while it runs.</summary>
    public CommandReport? Report => Volatile.Read(ref _report);

    public long Bytes => _output.Length + _error.Length;

    /// <summary>Whether a caller sees it now.</summary>
    public bool IsAttached
    {
        get
        {
            lock (_gate)
                return _detach is not null;
        }
    }

    /// <summary>From now on this caller sees it; one that did before does not any more.</summary>
    /// <param name="detach">Told when another one attaches.</param>
    public ServedCommand Attach(Action detach)
    {
        Action? before;
        lock (_gate)
            (before, _detach) = (_detach, detach);
        before?.Invoke();
        return new ServedCommand(RunId, Rule, Command, Ended, _output.Open(), _error.Open()) { Kept = this };
    }

    /// <summary>A caller does not see it any more.</summary>
    public void Detached(Action detach)
    {
        lock (_gate)
            _detach = _detach == detach ? null : _detach;
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private async Task<CommandReport> FollowAsync(Task<CommandReport> ended)
    {
        try
        {
            await Task.WhenAll(_output.FillAsync(Command.Output), _error.FillAsync(Command.Error)).ConfigureAwait(false);
        }
        catch (IOException)
        {
            Command.Stop(CommandEnd.OutputLimit); // the disk is full: what is kept ends here, and the report says so
        }

        CommandReport report = await ended.ConfigureAwait(false);
        await Command.DisposeAsync().ConfigureAwait(false);
        Volatile.Write(ref _report, report);
        return report;
    }
}
