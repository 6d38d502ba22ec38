namespace Dialtone.Commands;

/// <summary>A command that runs for a caller.</summary>
public sealed class ServedCommand
{
    internal ServedCommand(string runId, string rule, RunningCommand command, Task<CommandReport> ended) =>
        (RunId, Rule, Command, Ended) = (runId, rule, command, ended);

    /// <summary>The run's name, which the audit log and the command's environment have too.</summary>
    public string RunId { get; }

    /// <summary>The rule that allowed it.</summary>
    public string Rule { get; }

    /// <summary>The command.</summary>
    public RunningCommand Command { get; }

    /// <summary>Completes when the command has ended and that is recorded.</summary>
    public Task<CommandReport> Ended { get; }
}
