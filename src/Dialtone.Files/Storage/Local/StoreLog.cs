using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>What the local store writes to its log. No path and no name: they are the callers' business.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(400, LogLevel.Warning, "The folder cannot be written ({Reason}): it is only read")]
    internal static partial void ReadOnly(ILogger logger, string reason);

    [LoggerMessage(401, LogLevel.Warning, "Left out {Count} names that are not UTF-8 or hold characters no path may have; more of them will not be reported")]
    internal static partial void NamesSkipped(ILogger logger, int count);

    [LoggerMessage(402, LogLevel.Warning, "Staged content could not be removed (error {Error}); it will be swept later")]
    internal static partial void NotRemoved(ILogger logger, int error);

    [LoggerMessage(403, LogLevel.Error, "The disk did not confirm a file (error {Error}); it was not published")]
    internal static partial void NotDurable(ILogger logger, int error);

    [LoggerMessage(404, LogLevel.Error, "The disk did not confirm a folder (error {Error}); what was done in it may not outlast a power cut")]
    internal static partial void FolderNotDurable(ILogger logger, int error);
}
