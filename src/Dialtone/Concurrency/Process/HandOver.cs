using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>
/// One conversation that a worker holds: the transport that stands in for the descriptor once that has gone to the worker, and the end as the
/// worker reports it.
/// </summary>
internal sealed class HandOver : Transport
{
    private readonly WorkerPool _pool;
    private readonly Transport _inner;
    private readonly TaskCompletionSource<CloseReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isGone;

    public HandOver(WorkerPool pool, Connection connection, Transport inner)
    {
        _pool = pool;
        _inner = inner;
        Connection = connection;
        PeerKey = inner.PeerKey;
        LocalEndPoint = inner.LocalEndPoint;
        RemoteEndPoint = inner.RemoteEndPoint;
    }

    public Connection Connection { get; }

    /// <summary>Who holds it; null while it waits. The pool's loop only.</summary>
    public Worker? Worker { get; set; }

    /// <summary>How the conversation ended.</summary>
    public Task<CloseReason> Ended => _ended.Task;

    public override EndPoint? LocalEndPoint { get; }

    public override EndPoint? RemoteEndPoint { get; }

    public override PeerKey PeerKey { get; }

    public override int Descriptor => Volatile.Read(ref _isGone) == 0 ? _inner.Descriptor : -1;

    /// <summary>The worker has the descriptor: this process lets go of its own, which the peer does not notice.</summary>
    public void LetGo()
    {
        if (Interlocked.Exchange(ref _isGone, 1) == 0)
            _inner.Dispose();
    }

    public void End(CloseReason reason) => _ended.TrySetResult(reason);

    public override void Abort(bool reset)
    {
        if (Volatile.Read(ref _isGone) == 0)
            _inner.Abort(reset);
        _pool.Abort(this);
    }

    public override void Dispose() => LetGo();

    public override int TryReceive(Memory<byte> buffer) => throw Elsewhere();

    public override void WaitToReceive(IReadyWaiter waiter) => throw Elsewhere();

    public override int TrySend(ReadOnlyMemory<byte> buffer) => throw Elsewhere();

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer) => throw Elsewhere();

    public override ValueTask FinishSendingAsync() => throw Elsewhere();

    private static InvalidOperationException Elsewhere() => new("A worker process holds this conversation.");
}
