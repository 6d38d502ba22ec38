using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

internal static partial class Log
{
    [LoggerMessage(44, LogLevel.Warning, "A worker process could not be started: {Problem}. Trying again in {Milliseconds} ms.")]
    public static partial void WorkerNotStarted(this ILogger logger, string problem, double milliseconds, Exception? error);

    [LoggerMessage(45, LogLevel.Error, "Worker process {Pid} was lost with connection {Id} from {Remote}: {Status}.")]
    public static partial void WorkerLost(this ILogger logger, int pid, long id, EndPoint? remote, string status);
}
