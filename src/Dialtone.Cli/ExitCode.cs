namespace Dialtone.Cli;

/// <summary>What the tool tells its caller. <c>dialtone help exit-codes</c> prints <see cref="ExitCodes.All"/>.</summary>
internal enum ExitCode
{
    Done = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    Untrusted = 4,
    Files = 5,
    Bug = 70,
    Interrupted = 130,
    ExecFailed = 255,
}

/// <summary>The exit codes in words.</summary>
internal static class ExitCodes
{
    public static IReadOnlyList<(ExitCode Code, string Meaning)> All { get; } =
    [
        (ExitCode.Done, "Everything asked for was done. A server that was told to stop has stopped."),
        (ExitCode.Failed, "Part of it was not done, and standard error says what: the peer refused, broke off or did not answer, or conversations were cut by a second signal."),
        (ExitCode.Usage, "The command line or the config file, or a value there, cannot be understood. Nothing was done."),
        (ExitCode.Unreachable, "An address cannot be called, or cannot be listened on."),
        (ExitCode.Untrusted, "A certificate, a key or a password was refused, by this side or the other, or the server wants to know who calls."),
        (ExitCode.Files, "A file on this machine cannot be read or written."),
        (ExitCode.Bug, "An error in the tool itself. Please report it."),
        (ExitCode.Interrupted, "Interrupted with Ctrl-C before it was done."),
        (ExitCode.ExecFailed, "'dialtone exec' alone: the call failed, and what became of the command is not known. Its other exit codes are the command's own."),
    ];
}
