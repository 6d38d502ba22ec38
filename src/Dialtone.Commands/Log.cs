using Microsoft.Extensions.Logging;

namespace Dialtone.Commands;

/// <summary>What operators read. What callers sent is never in it unescaped.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Run {Run} ended ({Reason}), status {Status}.")]
    public static partial void Ended(this ILogger logger, string run, string reason, int status);

    [LoggerMessage(2, LogLevel.Information, "A command from {From} was refused: {Why}")]
    public static partial void Refused(this ILogger logger, string from, string why);

    [LoggerMessage(3, LogLevel.Error, "The end of run {Run} could not be recorded.")]
    public static partial void AuditFailed(this ILogger logger, string run, Exception error);

    [LoggerMessage(4, LogLevel.Error, "The policy could not decide about a request, which was refused.")]
    public static partial void Undecided(this ILogger logger, Exception error);

    [LoggerMessage(5, LogLevel.Error, "A command could not be served.")]
    public static partial void Failed(this ILogger logger, Exception error);
}
