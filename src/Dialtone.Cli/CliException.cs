namespace Dialtone.Cli;

/// <summary>Ends the tool with an explanation: what happened and where, and what to do about it.</summary>
internal sealed class CliException(ExitCode code, string message, string? advice = null) : Exception(message)
{
    public ExitCode Code => code;

    public string? Advice => advice;

    public static CliException Usage(string message, string? advice = null) => new(ExitCode.Usage, message, advice);
}
