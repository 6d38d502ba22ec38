using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>What the tutorials' dialects log where they have no way to say it to the peer. Event ids 440 to 459.</summary>
internal static partial class DialectLog
{
    [LoggerMessage(440, LogLevel.Information, "Connection {Id} asked for files before any right was given: strangers may do nothing here, and no challenge stands in front.")]
    internal static partial void NobodyMayAsk(this ILogger logger, long id);

    [LoggerMessage(441, LogLevel.Information, "Connection {Id}: an upload came to nothing and the connection is closed, since this dialect has no answer for it: {Reason}.")]
    internal static partial void UploadFailed(this ILogger logger, long id, FileError reason);

    [LoggerMessage(442, LogLevel.Warning, "Connection {Id}: a download broke off and the connection is reset: {Reason}.")]
    internal static partial void DownloadFailed(this ILogger logger, long id, FileError reason);

    [LoggerMessage(443, LogLevel.Information, "Connection {Id}: something was not deleted, and this dialect has no answer for it: {Reason}.")]
    internal static partial void NotDeleted(this ILogger logger, long id, FileError reason);

    [LoggerMessage(444, LogLevel.Information, "Connection {Id}: three log-ins failed.")]
    internal static partial void GaveUpOnLogin(this ILogger logger, long id);
}
