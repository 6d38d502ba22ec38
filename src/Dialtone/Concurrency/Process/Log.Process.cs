using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

internal static partial class Log
{
    [LoggerMessage(40, LogLevel.Warning, "A worker process could not be started: {Problem}. Trying again in {Delay}.")]
    public static partial void WorkerNotStarted(this ILogger logger, string problem, TimeSpan delay, Exception? error);

    [LoggerMessage(41, LogLevel.Error, "Worker process {Pid} was lost with connection {Id} from {Remote}: {Status}.")]
    public static partial void WorkerLost(this ILogger logger, int pid, long id, EndPoint? remote, string status);
}
