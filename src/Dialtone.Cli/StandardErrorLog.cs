using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Dialtone.Cli;

/// <summary>Log lines on standard error: the time, the level, the message, and the error's chain in one line.</summary>
/// <remarks>
/// Strangers cause lines, so lines of one kind are limited to <see cref="MostPerSecond"/> a second; how many were left out is told with the next of
/// the kind. Whoever asks for every connection gets every line.
/// </remarks>
internal sealed class StandardErrorLog(LogLevel least) : ILoggerFactory, ILogger
{
    private const int MostPerSecond = 20;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (long Second, int Lines)> _kinds = []; // by event; under _gate

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        int left = 0;
        if (least > LogLevel.Debug && logLevel < LogLevel.Error && !IsRoomFor(eventId.Id, out left))
            return;
        string time = TimeProvider.System.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string text = formatter(state, exception);
        for (Exception? error = exception; error is not null; error = error.InnerException)
            text += $" {error.GetType().Name}: {error.Message}";
        if (left > 0)
            Terminal.Error.WriteLine($"{time} {Word(logLevel)} {left} lines like the next were left out.");
        Terminal.Error.WriteLine($"{time} {Word(logLevel)} {text}");
    }

    public void Dispose()
    {
        // Standard error belongs to the process.
    }

    private bool IsRoomFor(int kind, out int left)
    {
        long second = TimeProvider.System.GetTimestamp() / TimeProvider.System.TimestampFrequency;
        left = 0;
        lock (_gate)
        {
            (long Second, int Lines) before = _kinds.GetValueOrDefault(kind);
            int lines = before.Second == second ? before.Lines + 1 : 1;
            _kinds[kind] = (second, lines);
            if (lines == 1)
                left = Math.Max(0, before.Lines - MostPerSecond);
            return lines <= MostPerSecond;
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug  ",
        LogLevel.Information => "info   ",
        LogLevel.Warning => "warning",
        _ => "error  ",
    };
}
