namespace Dialtone.Commands;

/// <summary>A command that runs for a caller.</summary>
public sealed class ServedCommand
{
    internal ServedCommand(string runId, string rule, RunningCommand command, Task<CommandReport> ended)
        : this(runId, rule, command, ended, command.Output, command.Error)
    {
    }

    internal ServedCommand(string runId, string rule, RunningCommand command, Task<CommandReport> ended, Stream output, Stream error) =>
        (RunId, Rule, Command, Ended, Output, Error) = (runId, rule, command, ended, output, error);

    /// <summary>The run's name, which the audit log and the command's environment have too.</summary>
    public string RunId { get; }

    /// <summary>The rule that allowed it.</summary>
    public string Rule { get; }

    /// <summary>The command.</summary>
    public RunningCommand Command { get; }

    /// <summary>What it writes to standard output; of a kept command, from the beginning.</summary>
    public Stream Output { get; }

    /// <summary>What it writes to standard error; of a kept command, from the beginning.</summary>
    public Stream Error { get; }

    /// <summary>What keeps it beyond its caller; null for most.</summary>
    internal KeptRun? Kept { get; init; }

    /// <summary>Completes when the command has ended and that is recorded.</summary>
    public Task<CommandReport> Ended { get; }
}
