using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>What the file server and the native protocol log. Event ids 420 to 439.</summary>
internal static partial class NativeLog
{
    [LoggerMessage(420, LogLevel.Information, "Connection {Id} from {Remote} speaks no tongue of a file server.")]
    internal static partial void UnknownTongue(this ILogger logger, long id, EndPoint? remote);

    [LoggerMessage(421, LogLevel.Information, "Connection {Id} is closed: {Problem}")]
    internal static partial void Refused(this ILogger logger, long id, string problem);

    [LoggerMessage(422, LogLevel.Information, "Connection {Id} is closed after {Count} failed log-ins.")]
    internal static partial void TooManyLogins(this ILogger logger, long id, int count);

    [LoggerMessage(423, LogLevel.Error, "Connection {Id}: a request failed in a way nobody foresaw.")]
    internal static partial void RequestFailed(this ILogger logger, long id, Exception error);

    [LoggerMessage(424, LogLevel.Information, "The put of connection {Id} is ended: its sender was silent, and another connection of the account continues it.")]
    internal static partial void Continued(this ILogger logger, long id);
}
