using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Every line the library logs. Event ids are never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}.")]
    public static partial void Listening(this ILogger logger, Address address);

    [LoggerMessage(2, LogLevel.Information, "Stopping: {Active} under way, {Seconds} s to finish.")]
    public static partial void Stopping(this ILogger logger, int active, double seconds);

    [LoggerMessage(3, LogLevel.Information, "Stopped: {Report}.")]
    public static partial void Stopped(this ILogger logger, DrainReport report);

    [LoggerMessage(4, LogLevel.Debug, "Connection {Id} from {Remote}.")]
    public static partial void Accepted(this ILogger logger, long id, EndPoint? remote);

    [LoggerMessage(5, LogLevel.Debug, "Connection {Id} ended: {Reason}, {Received} bytes in, {Sent} bytes out.")]
    public static partial void Ended(this ILogger logger, long id, CloseReason reason, long received, long sent);

    [LoggerMessage(6, LogLevel.Error, "The handler of connection {Id} failed.")]
    public static partial void HandlerFailed(this ILogger logger, long id, Exception error);

    [LoggerMessage(7, LogLevel.Error, "The hook {Hook} failed.")]
    public static partial void HookFailed(this ILogger logger, string hook, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "Refused {Remote}: {Reason}. {Suppressed} like it were not logged.")]
    public static partial void Rejected(this ILogger logger, EndPoint? remote, CloseReason reason, long suppressed);

    [LoggerMessage(9, LogLevel.Warning, "Out of descriptors or memory while accepting on {Address}; trying again in {Milliseconds} ms.")]
    public static partial void OutOfResources(this ILogger logger, Address address, double milliseconds, Exception error);

    [LoggerMessage(10, LogLevel.Debug, "A caller on {Address} was gone before it was accepted.")]
    public static partial void AcceptFailed(this ILogger logger, Address address, Exception error);

    [LoggerMessage(11, LogLevel.Critical, "Accepting on {Address} cannot go on.")]
    public static partial void AcceptBroken(this ILogger logger, Address address, Exception error);

    [LoggerMessage(12, LogLevel.Warning, "An inline handler has kept its event loop for over {Seconds} s: it blocks every connection of that loop.")]
    public static partial void LoopBlocked(this ILogger logger, double seconds);

    [LoggerMessage(13, LogLevel.Warning, "Connection {Id} broke the protocol: {Problem}")]
    public static partial void ProtocolBroken(this ILogger logger, long id, string problem);

    [LoggerMessage(14, LogLevel.Information, "Accepting on {Address} again.")]
    public static partial void Recovered(this ILogger logger, Address address);

    [LoggerMessage(15, LogLevel.Information, "Cut {Id} from {Remote} after {Seconds:0.0} s: {Activity}, {Received} bytes in, {Sent} bytes out.")]
    public static partial void Cut(this ILogger logger, long id, EndPoint? remote, double seconds, string activity, long received, long sent);

    [LoggerMessage(40, LogLevel.Error, "The handler of a datagram from {Remote} failed.")]
    public static partial void DatagramHandlerFailed(this ILogger logger, EndPoint? remote, Exception error);

    [LoggerMessage(41, LogLevel.Warning, "Receiving on {Address} failed; trying again in {Milliseconds} ms.")]
    public static partial void ReceiveFailed(this ILogger logger, Address address, double milliseconds, Exception error);

    [LoggerMessage(42, LogLevel.Debug, "Session {Id} with {Remote} on {Address}.")]
    public static partial void SessionBegan(this ILogger logger, long id, EndPoint? remote, Address address);

    [LoggerMessage(43, LogLevel.Debug, "Session {Id} ended: {Reason}.")]
    public static partial void SessionEnded(this ILogger logger, long id, CloseReason reason);
}
