using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>What the session layer logs. Event ids 400 to 419.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(400, LogLevel.Error, "The audit log cannot be written; records are being lost.")]
    internal static partial void AuditFailed(this ILogger logger, Exception error);

    [LoggerMessage(401, LogLevel.Information, "Removed {Count} interrupted uploads that nobody continued.")]
    internal static partial void Swept(this ILogger logger, int count);

    [LoggerMessage(402, LogLevel.Error, "Looking after interrupted uploads failed; it is tried again.")]
    internal static partial void SweepFailed(this ILogger logger, Exception error);

    [LoggerMessage(403, LogLevel.Error, "The home of {User} cannot be used.")]
    internal static partial void HomeUnusable(this ILogger logger, string user, Exception error);

    [LoggerMessage(404, LogLevel.Information, "{Count} interrupted uploads can be continued.")]
    internal static partial void Restored(this ILogger logger, int count);
}
