using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>What the connections of one server, or of one dialer, share.</summary>
internal sealed class ConnectionHost(
    TimeProvider time, ServerLimits limits, MemoryPool<byte> pool, ILogger logger) : IDisposable
{
    private long _lastId;

    public ServerLimits Limits => limits;

    public ILogger Logger => logger;

    public DeadlineClock Clock { get; } = new(time);

    public BufferBudget Budget { get; } = new(pool, limits.MaxBufferBytes);

    /// <summary>Cancelled when draining begins.</summary>
    public CancellationTokenSource Closing { get; } = new();

    /// <summary>Failures by address; a dialer has none.</summary>
    public PenaltyTable? Penalties { get; init; }

    /// <summary>Takes the caller that a trusted proxy has named: why it may not come in, or null. A dialer has no proxies.</summary>
    public Func<Connection, IPEndPoint, ValueTask<CloseReason?>>? AdmitCaller { get; set; }

    /// <summary>Hears of every connection that this side ends before its time; null where nobody asks.</summary>
    public Action<Connection>? Aborted { get; set; }

    public void NextIdIs(long id) => Volatile.Write(ref _lastId, id - 1);

    /// <summary>Who serves the connections; a dialer has none.</summary>
    public Server? Server { get; init; }

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Dispose()
    {
        Clock.Dispose();
        Closing.Dispose();
    }
}
