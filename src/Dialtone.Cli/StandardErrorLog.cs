using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Dialtone.Cli;

/// <summary>Log lines on standard error: the time, the level, the message, and the error's chain in one line.</summary>
internal sealed class StandardErrorLog(LogLevel least) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        string time = TimeProvider.System.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string text = formatter(state, exception);
        for (Exception? error = exception; error is not null; error = error.InnerException)
            text += $" {error.GetType().Name}: {error.Message}";
        Terminal.Error.WriteLine($"{time} {Word(logLevel)} {text}");
    }

    public void Dispose()
    {
        // Standard error belongs to the process.
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug  ",
        LogLevel.Information => "info   ",
        LogLevel.Warning => "warning",
        _ => "error  ",
    };
}
