namespace Dialtone.Commands;

/// <summary>The words that stand for errors and ends on the wire and in the audit log; they never change.</summary>
internal static class ErrorCodes
{
    public static string Of(CommandError error) => error switch
    {
        CommandError.NotFound => "not-found",
        CommandError.NotExecutable => "not-executable",
        CommandError.NotAllowed => "not-allowed",
        CommandError.Busy => "busy",
        CommandError.Stopping => "stopping",
        CommandError.BadRequest => "bad-request",
        CommandError.NotAudited => "not-audited",
        CommandError.NoSuchRun => "no-such-run",
        CommandError.TakenOver => "taken-over",
        _ => "not-started",
    };

    public static CommandError ErrorOf(string? code) => code switch
    {
        "not-found" => CommandError.NotFound,
        "not-executable" => CommandError.NotExecutable,
        "not-allowed" => CommandError.NotAllowed,
        "busy" => CommandError.Busy,
        "stopping" => CommandError.Stopping,
        "bad-request" => CommandError.BadRequest,
        "not-audited" => CommandError.NotAudited,
        "no-such-run" => CommandError.NoSuchRun,
        "taken-over" => CommandError.TakenOver,
        _ => CommandError.NotStarted,
    };

    public static string Of(CommandEnd end) => end switch
    {
        CommandEnd.TimeLimit => "time-limit",
        CommandEnd.CpuLimit => "cpu-limit",
        CommandEnd.OutputLimit => "output-limit",
        CommandEnd.ProcessLimit => "process-limit",
        CommandEnd.MemoryLimit => "memory-limit",
        CommandEnd.CallerLeft => "caller-left",
        CommandEnd.Cancelled => "cancelled",
        CommandEnd.ServerStopping => "server-stopping",
        _ => "finished",
    };

    public static CommandEnd? EndOf(string? code) => code switch
    {
        "finished" => CommandEnd.Finished,
        "time-limit" => CommandEnd.TimeLimit,
        "cpu-limit" => CommandEnd.CpuLimit,
        "output-limit" => CommandEnd.OutputLimit,
        "process-limit" => CommandEnd.ProcessLimit,
        "memory-limit" => CommandEnd.MemoryLimit,
        "caller-left" => CommandEnd.CallerLeft,
        "cancelled" => CommandEnd.Cancelled,
        "server-stopping" => CommandEnd.ServerStopping,
        _ => null,
    };
}
