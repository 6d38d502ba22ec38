using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

// TLS, the PROXY protocol and the logging of traffic.
internal static partial class Log
{
    [LoggerMessage(60, LogLevel.Debug, "The TLS handshake of connection {Id} from {Remote} failed: {Problem}")]
    public static partial void HandshakeFailed(this ILogger logger, long id, EndPoint? remote, string problem);

    [LoggerMessage(61, LogLevel.Information, "The certificate in {File} was replaced; new callers are shown {Fingerprint}.")]
    public static partial void CertificateReloaded(this ILogger logger, string file, string fingerprint);

    [LoggerMessage(62, LogLevel.Error, "The certificate in {File} was changed and cannot be used; the one before stays in use.")]
    public static partial void CertificateKept(this ILogger logger, string file, Exception error);

    [LoggerMessage(63, LogLevel.Warning, "The trusted proxy {Remote} sent no valid PROXY header on connection {Id}: {Problem}")]
    public static partial void BadProxyHeader(this ILogger logger, EndPoint? remote, long id, string problem);

    [LoggerMessage(EventId = 64, Message = "Connection {Id} received {Bytes} bytes. {Hex}")]
    public static partial void TrafficIn(this ILogger logger, LogLevel level, long id, int bytes, string hex);

    [LoggerMessage(EventId = 65, Message = "Connection {Id} sent {Bytes} bytes. {Hex}")]
    public static partial void TrafficOut(this ILogger logger, LogLevel level, long id, long bytes, string hex);

    [LoggerMessage(EventId = 66, Message = "Connection {Id} {What}.")]
    public static partial void TrafficEnd(this ILogger logger, LogLevel level, long id, string what);
}
