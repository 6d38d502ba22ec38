using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>
/// One peer of a datagram address, from its first datagram until it has been silent for <see cref="ServerLimits.SessionIdle"/>, its handler
/// returns, it makes room for another, or the server drains.
/// </summary>
/// <remarks>
/// Datagrams wait in arrival order for the handler, at most <see cref="ServerLimits.MaxQueuedPerSession"/>; the oldest makes room. The network may
/// still have lost, doubled or reordered them before. One reader at a time; sending is free for all.
/// </remarks>
public sealed class DatagramSession : IConversation, IDeadline, IDatagramWork
{
    private readonly SessionTable _table;
    private readonly DatagramListener _listener;
    private readonly Channel<Datagram> _queue;
    private readonly Lock _gate = new();
    private readonly long _started;
    private CancellationTokenSource? _closing; // under _gate
    private EndPoint? _remote;
    private Datagram? _lent; // the reader's
    private int _endReason;

    internal DatagramSession(SessionTable table, DatagramListener listener, SocketAddress peer, int capacity, bool readsInline)
    {
        _table = table;
        _listener = listener;
        Peer = peer;
        Id = table.Service.Host.NextId();
        _started = table.Service.Host.Clock.Time.GetTimestamp();
        var options = new BoundedChannelOptions(capacity)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
            AllowSynchronousContinuations = readsInline,
        };
        _queue = Channel.CreateBounded<Datagram>(options, table.DropOldest);
    }

    /// <summary>A number that no other session or connection of this server has; what log lines call it by.</summary>
    public long Id { get; }

    /// <summary>The address that is listened on.</summary>
    public Address Address => _listener.Address;

    /// <summary>The peer's address.</summary>
    public EndPoint RemoteEndPoint => _remote ??= PeerNames.ToEndPoint(Peer)!;

    /// <summary>What the session is doing, in a few words, for the drain report and for operators.</summary>
    public string? Activity { get; set; }

    /// <summary>
    /// Why the session ended: <see cref="CloseReason.Idle"/>, <see cref="CloseReason.MaxSessions"/>, <see cref="CloseReason.Drained"/> or
    /// <see cref="CloseReason.HandlerFinished"/>; <see cref="CloseReason.None"/> while it lives.
    /// </summary>
    public CloseReason EndReason => (CloseReason)Volatile.Read(ref _endReason);

    /// <summary>Cancelled when the session has ended, which a draining server does first. Datagrams that wait can still be read and answered.</summary>
    public CancellationToken Closing
    {
        get
        {
            lock (_gate)
            {
                if (_closing is null)
                {
                    _closing = new CancellationTokenSource();
                    if (EndReason != CloseReason.None)
                        _closing.Cancel();
                }

                return _closing.Token;
            }
        }
    }

    /// <summary>Everything the peer sends, until the session ends. Each datagram is lent until the next one is asked for.</summary>
    public async IAsyncEnumerable<Datagram> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } datagram)
            yield return datagram;
    }

    /// <summary>The next datagram, lent until the next call; null once the session has ended and everything was read.</summary>
    public async ValueTask<Datagram?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        ReturnLent();
        do
        {
            if (_queue.Reader.TryRead(out Datagram? next))
            {
                _table.Dequeued();
                return _lent = next;
            }
        }
        while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false));
        return null;
    }

    /// <summary>Sends to the peer, without waiting.</summary>
    /// <returns>False when it could not leave: the peer is gone, a queue is full, or the server has stopped.</returns>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public bool Send(ReadOnlySpan<byte> payload) => DatagramDrops.Counted(_listener.Send(payload, Peer));

    /// <summary>Sends to the peer; where a queue is full, tries again for some 30 ms.</summary>
    /// <returns>As <see cref="Send"/>.</returns>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        SendOutcome outcome = _listener.Send(payload.Span, Peer);
        return outcome == SendOutcome.QueueFull
            ? Datagram.RetryAsync(_listener, Peer, payload, _table.Service.Host.Clock.Time, cancellationToken)
            : new ValueTask<bool>(DatagramDrops.Counted(outcome));
    }

    internal SocketAddress Peer { get; }

    internal DatagramListener Listener => _listener;

    /// <summary>When the peer was last heard from, in milliseconds of the server's clock; under the table's lock.</summary>
    internal long HeardAt { get; set; }

    // The table's order of last hearing: links touched only under its lock.
    internal DatagramSession? ListNext { get; set; }

    internal DatagramSession? ListPrevious { get; set; }

    /// <summary>Gives it a datagram of its own; false when the session has ended.</summary>
    internal bool TryAdd(Datagram datagram) => _queue.Writer.TryWrite(datagram);

    /// <summary>Ends the session; the first reason stays. The table has forgotten it by now.</summary>
    internal void End(CloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _endReason, (int)reason, (int)CloseReason.None) != (int)CloseReason.None)
            return;
        _queue.Writer.TryComplete();
        CancellationTokenSource? closing;
        lock (_gate)
            closing = _closing;
        if (closing is not null)
            _table.Cancel(closing);
    }

    /// <summary>Gives back what its handler did not read.</summary>
    internal void DropUnread()
    {
        ReturnLent();
        while (_queue.Reader.TryRead(out Datagram? unread))
        {
            DatagramDrops.SessionEnded();
            _table.Dequeued();
            _table.Service.Return(unread);
        }
    }

    private void ReturnLent()
    {
        if (_lent is { } lent)
            _table.Service.Return(lent);
        _lent = null;
    }

    // ---- as one of the things a policy runs ----

    EpollLoop? IConversation.Loop => null;

    Task IConversation.RunAsync() => _table.RunAsync(this);

    void IConversation.Start() => _ = _table.RunAsync(this);

    void IConversation.Reject(CloseReason reason) => _table.Reject(this, reason);

    // ---- as something with a deadline: the links belong to the clock ----

    IDeadline? IDeadline.Next { get; set; }

    IDeadline? IDeadline.Previous { get; set; }

    long IDeadline.DueTick { get; set; }

    long IDeadline.OnDue(long now) => _table.LookAt(this, now);

    // ---- as something a drain waits for ----

    DatagramService IDatagramWork.Service => _table.Service;

    Straggler? IDatagramWork.Describe() => new(
        Id, RemoteEndPoint, Activity ?? "in its session's handler", _table.Service.Host.Clock.Time.GetElapsedTime(_started), 0, 0);
}
