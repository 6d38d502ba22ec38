namespace Dialtone.Commands;

/// <summary>A command was not run, or its end is not known.</summary>
/// <param name="reason">What to branch on.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="inner">What lies behind it, for logs.</param>
public sealed class CommandException(CommandError reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to branch on.</summary>
    public CommandError Reason { get; } = reason;
}
