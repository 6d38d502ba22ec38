using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone.Chat;

/// <summary>What operators read. What people sent is never in it.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The history file cannot be written; what is said is kept in memory only.")]
    public static partial void HistoryFailed(this ILogger logger, Exception error);

    [LoggerMessage(2, LogLevel.Error, "A record of the audit file could not be written.")]
    public static partial void AuditFailed(this ILogger logger, Exception error);

    [LoggerMessage(3, LogLevel.Error, "AnswerAtOnce failed; the message is left to the desk.")]
    public static partial void AnswerFailed(this ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "{Count} lines of the history were lost: the disk is slower than the talk.")]
    public static partial void HistoryLost(this ILogger logger, long count);

    [LoggerMessage(5, LogLevel.Error, "A request failed; its sender is sent away.")]
    public static partial void RequestFailed(this ILogger logger, Exception error);
}
