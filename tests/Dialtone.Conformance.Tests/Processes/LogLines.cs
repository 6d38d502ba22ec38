using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>Keeps every line a server logs.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public bool Has(string part) => _lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    public override string ToString() => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider)
    {
        // It is its own and only one.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
