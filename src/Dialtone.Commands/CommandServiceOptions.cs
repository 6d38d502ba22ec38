using Microsoft.Extensions.Logging;

namespace Dialtone.Commands;

/// <summary>How a server runs commands.</summary>
public sealed record CommandServiceOptions
{
    /// <summary>Which commands may be run. Default none.</summary>
    public CommandPolicy Policy { get; init; } = CommandPolicy.Nothing;

    /// <summary>Where runs are recorded. Default nowhere.</summary>
    public CommandAudit? Audit { get; init; }

    /// <summary>
    /// The environment of every command: nothing of this process's own is added. Default PATH, HOME, USER, LOGNAME, SHELL and LANG=C.UTF-8.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["HOME"] = HomeFolder,
        ["USER"] = System.Environment.UserName,
        ["LOGNAME"] = System.Environment.UserName,
        ["SHELL"] = "/bin/sh",
        ["LANG"] = "C.UTF-8",
    };

    /// <summary>The folder commands run in, unless a rule or an allowed request says otherwise. Default the home of this process's user.</summary>
    public string Folder { get; init; } = HomeFolder;

    /// <summary>The bounds of every command; a rule or a caller can only tighten them. Default none but the grace.</summary>
    public CommandLimits Limits { get; init; } = new();

    /// <summary>Commands that run at one time. Default 256. At least 1.</summary>
    public int MaxRunning { get; init => field = Check.InRange(value, 1); } = 256;

    /// <summary>Commands that wait for one to end; more are refused. Default 256. At least 0.</summary>
    public int MaxWaiting { get; init => field = Check.InRange(value, 0); } = 256;

    /// <summary>
    /// Bytes of a reply kept for the tutorials' framings, which state a length first; in memory up to 1 MiB, then in a temporary file. A command that
    /// writes more is ended, and the reply says so. Default 256 MiB. 1 to 2,000,000,000.
    /// </summary>
    public int MaxReplyBytes { get; init => field = Check.InRange(value, 1, 2_000_000_000); } = 256 * 1024 * 1024;

    /// <summary>
    /// Commands kept at one time for callers who may come back, those included that have ended within <see cref="KeepFor"/>; the oldest of those gives
    /// way to a new one. Default 16; 0 keeps none.
    /// </summary>
    public int MaxKept { get; init => field = Check.InRange(value, 0); } = 16;

    /// <summary>Bytes that a kept command may write, both streams together; one that writes more is ended. In temporary files. Default 256 MiB.</summary>
    public long MaxKeptBytes { get; init => field = Check.Positive((long?)value)!.Value; } = 256 * 1024 * 1024;

    /// <summary>How long a kept command's output and report are there after its end. Default 1 hour.</summary>
    public TimeSpan KeepFor { get; init => field = Check.Positive((TimeSpan?)value)!.Value; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long commands may go on when their server has begun to stop; then they are ended, and callers are told so. Default 25 s: that much less than
    /// <see cref="ServerOptions.DrainTimeout"/>'s default as ending and telling may take.
    /// </summary>
    public TimeSpan StopPatience { get; init => field = Check.Positive((TimeSpan?)value)!.Value; } = TimeSpan.FromSeconds(25);

    /// <summary>Where time comes from. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go. Default nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    private static string HomeFolder =>
        System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile, System.Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : "/";
}
