using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Middleware that logs the traffic of each connection: how much, in which direction, and how it ended.</summary>
public static class ConnectionLogging
{
    /// <summary>Logs the size of every receive and send. What is sent is never shown.</summary>
    /// <param name="level">Under which level; nothing is added to connections while it is switched off.</param>
    public static ConnectionMiddleware At(LogLevel level = LogLevel.Debug) => With(level, hex: false);

    /// <summary>As <see cref="At"/>, and at <see cref="LogLevel.Trace"/> the first 256 bytes of each as hex: passwords and all. Not for production.</summary>
    public static ConnectionMiddleware WithContent() => With(LogLevel.Trace, hex: true);

    private static ConnectionMiddleware With(LogLevel level, bool hex) => (connection, next) =>
    {
        ILogger logger = connection.Host.Logger;
        if (logger.IsEnabled(level))
            connection.Upgrade(inner => new LoggingTransport(inner, logger, level, connection.Id, hex));
        return next(connection);
    };

    private sealed class LoggingTransport(Transport inner, ILogger logger, LogLevel level, long id, bool hex) : LayerTransport(inner)
    {
        private const int MaxShownBytes = 256;

        public override int TryReceive(Memory<byte> buffer)
        {
            int count = Inner.TryReceive(buffer);
            if (count > 0)
                In(buffer.Span[..count]);
            else if (count == 0)
                End("received the end of the stream");
            return count;
        }

        public override int TrySend(ReadOnlyMemory<byte> buffer)
        {
            int count = Inner.TrySend(buffer);
            if (count > 0)
                Out(buffer.Span[..count]);
            return count;
        }

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
        {
            await Inner.SendAsync(buffer).ConfigureAwait(false);
            Out(buffer.Span);
        }

        public override long TrySendFile(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long count)
        {
            long sent = Inner.TrySendFile(file, offset, count);
            if (sent > 0)
                logger.TrafficOut(level, id, sent, "");
            return sent;
        }

        public override ValueTask FinishSendingAsync()
        {
            End("finished sending");
            return Inner.FinishSendingAsync();
        }

        public override void Abort(bool reset)
        {
            End(reset ? "was reset by this side" : "was ended by this side");
            base.Abort(reset);
        }

        private void In(ReadOnlySpan<byte> bytes)
        {
            if (logger.IsEnabled(level))
                logger.TrafficIn(level, id, bytes.Length, Show(bytes));
        }

        private void Out(ReadOnlySpan<byte> bytes)
        {
            if (logger.IsEnabled(level))
                logger.TrafficOut(level, id, bytes.Length, Show(bytes));
        }

        private void End(string what) => logger.TrafficEnd(level, id, what);

        private string Show(ReadOnlySpan<byte> bytes) => !hex ? ""
            : Convert.ToHexString(bytes[..Math.Min(bytes.Length, MaxShownBytes)]) + (bytes.Length > MaxShownBytes ? "…" : "");
    }
}
