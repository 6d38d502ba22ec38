using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>The transport of a conversation that a worker holds: stands in for the descriptor, which has gone there.</summary>
internal sealed class HandOver : Transport
{
    private readonly WorkerPool _pool;
    private readonly Transport _inner;
    private readonly ConversationJob _job;
    private int _isGone;

    public HandOver(WorkerPool pool, ConversationJob job, Transport inner)
    {
        _pool = pool;
        _inner = inner;
        _job = job;
        PeerKey = inner.PeerKey;
        LocalEndPoint = inner.LocalEndPoint;
        RemoteEndPoint = inner.RemoteEndPoint;
    }

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

    public override void Abort(bool reset)
    {
        if (Volatile.Read(ref _isGone) == 0)
            _inner.Abort(reset);
        _pool.Abort(_job);
    }

    public override void Dispose() => LetGo();

    public override int TryReceive(Memory<byte> buffer) => throw Elsewhere();

    public override void WaitToReceive(IReadyWaiter waiter) => throw Elsewhere();

    public override int TrySend(ReadOnlyMemory<byte> buffer) => throw Elsewhere();

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer) => throw Elsewhere();

    public override ValueTask FinishSendingAsync() => throw Elsewhere();

    private static InvalidOperationException Elsewhere() => new("A worker process holds this conversation.");
}
