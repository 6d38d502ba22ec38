using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Commands;

/// <summary>
/// Runs commands for callers, whatever tongue they speak: asks the policy, waits for a place, records, starts, and records the end.
/// </summary>
/// <remarks>Dispose it after the server: commands that were kept beyond their callers end with it.</remarks>
public sealed class CommandService : IAsyncDisposable
{
    private readonly CommandServiceOptions _options;
    private readonly CommandSettings _settings;
    private readonly SemaphoreSlim _places;
    private readonly ILogger _logger;
    private readonly KeptRuns _kept;
    private int _waiting;

    /// <summary>Makes a service; nothing is started yet.</summary>
    public CommandService(CommandServiceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _settings = new CommandSettings(options.Environment, options.Folder, options.Limits);
        _places = new SemaphoreSlim(options.MaxRunning);
        _kept = new KeptRuns(options);
        _logger = options.LoggerFactory?.CreateLogger("Dialtone.Commands") ?? NullLogger.Instance;
    }

    /// <summary>How it runs commands.</summary>
    public CommandServiceOptions Options => _options;

    /// <summary>What the policy says to a request; nothing is run and nothing recorded.</summary>
    public CommandDecision Explain(CommandRequest request, string? user)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return _options.Policy.Decide(request, user, _settings);
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            _logger.Undecided(e);
            return CommandPolicy.Refuse(null, "The policy could not decide, and so refuses.");
        }
    }

    /// <summary>Runs a command for a caller.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="gone">The caller gave up waiting.</param>
    /// <exception cref="CommandException">It is refused, or could not be started.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up before it started.</exception>
    public async Task<ServedCommand> StartAsync(CommandRequest request, CommandCaller caller, CancellationToken gone = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        CommandDecision decision = Explain(request, caller.User);
        if (decision.Start is null)
            throw Refused(caller, request, CommandError.NotAllowed, decision.Message);
        await TakePlaceAsync(request, caller, gone).ConfigureAwait(false);
        bool isRunning = false;
        try
        {
            string run = CommandRunner.NewRunId();
            var environment = new Dictionary<string, string>(decision.Start.Environment);
            Tell(environment, "DIALTONE_USER", caller.User);
            Tell(environment, "DIALTONE_FROM", caller.From);
            CommandStart start = decision.Start with { RunId = run, Environment = environment };
            if (request.Keep)
                start = start with { Limits = start.Limits.And(new CommandLimits { OutputBytes = _options.MaxKeptBytes }) };
            _options.Audit?.Started(run, caller, decision.Rule!, start);
            RunningCommand command = await StartAsync(run, caller, start).ConfigureAwait(false);
            isRunning = true;
            return new ServedCommand(run, decision.Rule!, command, FollowAsync(run, caller, command));
        }
        finally
        {
            if (!isRunning)
                _places.Release();
        }
    }

    /// <summary>Runs a command that goes on when its caller leaves.</summary>
    /// <inheritdoc cref="StartAsync(CommandRequest, CommandCaller, CancellationToken)"/>
    internal async Task<KeptRun> StartKeptAsync(CommandRequest request, CommandCaller caller, CancellationToken gone)
    {
        _kept.Reserve();
        KeptOutput? output = null, error = null;
        KeptRun? run = null;
        try
        {
            (output, error) = (new KeptOutput(), new KeptOutput());
            ServedCommand served = await StartAsync(request with { Keep = true }, caller, gone).ConfigureAwait(false);
            run = new KeptRun(served, request.Line ?? string.Join(' ', request.Command), caller.User, _options.Time.GetTimestamp(), output, error);
            _kept.Add(run);
            return run;
        }
        catch (IOException e)
        {
            throw new CommandException(CommandError.NotStarted, "There is no room to keep what it would write.", e);
        }
        finally
        {
            if (run is null)
            {
                _kept.Release();
                output?.Dispose();
                error?.Dispose();
            }
        }
    }

    /// <summary>A run that was kept for this caller.</summary>
    /// <exception cref="CommandException">There is none of that name, or it is another's.</exception>
    internal KeptRun FindKept(string? runId, CommandCaller caller) => _kept.Find(runId, caller.User);

    /// <summary>What is kept for this caller.</summary>
    internal IReadOnlyList<KeptCommand> ListKept(CommandCaller caller) => [.. _kept.Of(caller.User).Select(run => new KeptCommand
    {
        RunId = run.RunId,
        Command = run.Title,
        Age = _options.Time.GetElapsedTime(run.StartedAt),
        OutputBytes = run.Bytes,
        IsAttached = run.IsAttached,
        Report = run.Report,
    })];

    /// <summary>Ends the commands that were kept beyond their callers.</summary>
    public ValueTask DisposeAsync() => _kept.DisposeAsync();

    /// <summary>What went wrong in a way that nobody expected, for the operator.</summary>
    internal void Failed(Exception error) => _logger.Failed(error);

    /// <summary>What is known of the caller, which the caller cannot say of itself.</summary>
    private static void Tell(Dictionary<string, string> environment, string name, string? value)
    {
        environment.Remove(name);
        if (value is not null)
            environment[name] = value;
    }

    private async Task<RunningCommand> StartAsync(string run, CommandCaller caller, CommandStart start)
    {
        try
        {
            return await CommandRunner.StartAsync(start, _options.Time).ConfigureAwait(false);
        }
        catch (CommandException e)
        {
            _options.Audit?.NotStarted(run, caller, e);
            throw;
        }
    }

    private async Task<CommandReport> FollowAsync(string run, CommandCaller caller, RunningCommand command)
    {
        try
        {
            CommandReport report = await command.Ended.ConfigureAwait(false);
            _logger.Ended(run, ErrorCodes.Of(report.Reason), report.ShellStatus);
            try
            {
                _options.Audit?.Ended(run, caller, report);
            }
            catch (CommandException e)
            {
                _logger.AuditFailed(run, e);
            }

            return report;
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task TakePlaceAsync(CommandRequest request, CommandCaller caller, CancellationToken gone)
    {
        if (_places.Wait(0, CancellationToken.None))
            return;
        if (Interlocked.Increment(ref _waiting) > _options.MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw Refused(caller, request, CommandError.Busy, $"{_options.MaxRunning} commands are running and {_options.MaxWaiting} waiting already; try again later.");
        }

        try
        {
            await _places.WaitAsync(gone).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private CommandException Refused(CommandCaller caller, CommandRequest request, CommandError error, string message)
    {
        _options.Audit?.Refused(caller, request, error, message);
        _logger.Refused(caller.From ?? "-", message);
        return new CommandException(error, message);
    }
}
