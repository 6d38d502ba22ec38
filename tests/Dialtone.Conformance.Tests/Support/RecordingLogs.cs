using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Dialtone.Conformance.Tests;

/// <summary>Keeps what a server logs, and hands out how each connection ended, in order.</summary>
internal sealed class RecordingLogs : ILoggerFactory, ILogger
{
    private const int EndedEvent = 5;

    private readonly Channel<CloseReason> _endings = Channel.CreateUnbounded<CloseReason>();

    public ConcurrentQueue<LogLine> Lines { get; } = [];

    /// <summary>Waits for the next connection to end.</summary>
    public async Task<CloseReason> NextEndingAsync() => await _endings.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Patience);

    public int Count(int eventId) => Lines.Count(line => line.EventId == eventId);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Lines.Enqueue(new LogLine(eventId.Id, logLevel, formatter(state, exception), exception));
        if (eventId.Id == EndedEvent && state is IEnumerable<KeyValuePair<string, object?>> values)
            _endings.Writer.TryWrite((CloseReason)values.First(static value => value.Key == "Reason").Value!);
    }

    public void Dispose()
    {
        // Kept for the test to read.
    }
}

internal sealed record LogLine(int EventId, LogLevel Level, string Text, Exception? Error);
