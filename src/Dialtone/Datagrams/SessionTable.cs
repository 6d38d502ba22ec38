using System.Net;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>The sessions of one server, by listener and peer, in the order they were last heard from.</summary>
internal sealed class SessionTable
{
    private readonly SessionHandler _handler;
    private readonly Dispatcher _dispatcher;
    private readonly SemaphoreSlim? _turn;
    private readonly bool _readsInline;
    private readonly ServerLimits _limits;
    private readonly long _idle; // milliseconds
    private readonly Lock _gate = new();
    private readonly Dictionary<Key, DatagramSession> _sessions = []; // under _gate
    private DatagramSession? _oldest;                                 // under _gate: the least recently heard from
    private DatagramSession? _newest;                                 // under _gate
    private CloseReason _closedFor;                                   // under _gate
    private int _queued;

    public SessionTable(DatagramService service, SessionHandler handler, Dispatcher dispatcher, SemaphoreSlim? turn, bool readsInline)
    {
        Service = service;
        _handler = handler;
        _dispatcher = dispatcher;
        _turn = turn;
        _readsInline = readsInline;
        _limits = service.Host.Limits;
        _idle = Math.Max(1, (long)_limits.SessionIdle.TotalMilliseconds);
    }

    public DatagramService Service { get; }

    /// <summary>Brings a datagram to its peer's session, which begins with it if there is none.</summary>
    public void Deliver(DatagramListener listener, Datagram received)
    {
        if (!PeerNames.IsNamed(received.Peer))
        {
            DatagramDrops.Unnamed();
            return;
        }

        if (Volatile.Read(ref _queued) >= _limits.MaxQueuedDatagrams)
        {
            DatagramDrops.Count(CloseReason.QueueFull);
            return;
        }

        if (Service.TryCopy(received) is not { } copy)
            return;
        while (true)
        {
            DatagramSession? session = FindOrBegin(listener, received.Peer, out bool isNew, out DatagramSession? evicted);
            if (evicted is not null)
            {
                Service.Host.Clock.Cancel(evicted);
                evicted.End(CloseReason.MaxSessions);
            }

            if (session is null)
            {
                DatagramDrops.Count(CloseReason.Drained);
                Service.Return(copy);
                return;
            }

            Interlocked.Increment(ref _queued);
            bool isAdded = session.TryAdd(copy);
            if (isNew)
                Begin(session);
            if (isAdded)
                return;
            Interlocked.Decrement(ref _queued); // it ended just now: the next turn begins another
        }
    }

    /// <summary>Ends every session, and lets none begin any more.</summary>
    public void EndAll(CloseReason reason)
    {
        DatagramSession[] all;
        lock (_gate)
        {
            _closedFor = reason;
            all = [.. _sessions.Values];
            _sessions.Clear();
            _oldest = _newest = null;
        }

        foreach (DatagramSession session in all)
        {
            Service.Host.Clock.Cancel(session);
            session.End(reason);
        }
    }

    /// <summary>Called by a session's clock: when to look again, 0 for never.</summary>
    public long LookAt(DatagramSession session, long now)
    {
        lock (_gate)
        {
            if (session.EndReason != CloseReason.None)
                return 0;
            if (now - session.HeardAt < _idle)
                return session.HeardAt + _idle;
            Forget(session);
        }

        session.End(CloseReason.Idle);
        return 0;
    }

    /// <summary>One left a queue.</summary>
    public void Dequeued() => Interlocked.Decrement(ref _queued);

    /// <summary>One was pushed out of a full queue.</summary>
    public void DropOldest(Datagram datagram)
    {
        DatagramDrops.SessionQueueFull();
        Dequeued();
        Service.Return(datagram);
    }

    /// <summary>Runs a session's handler to its end. Never throws.</summary>
    public async Task RunAsync(DatagramSession session)
    {
        DatagramWork.MakeCurrent(session);
        if (_turn is not null)
            await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await _handler(session).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Service.Failed(e, session.Peer);
        }

        _turn?.Release();
        Ended(session, CloseReason.HandlerFinished);
    }

    /// <summary>The policy had no room for a session: what its peer sends next begins another.</summary>
    public void Reject(DatagramSession session, CloseReason reason) => Ended(session, reason);

    /// <summary>Cancels what a handler may have hung its own code on.</summary>
    public void Cancel(CancellationTokenSource closing)
    {
        try
        {
            closing.Cancel();
        }
        catch (AggregateException e)
        {
            Service.Host.Logger.HookFailed(nameof(DatagramSession.Closing), e);
        }
    }

    private DatagramSession? FindOrBegin(DatagramListener listener, SocketAddress peer, out bool isNew, out DatagramSession? evicted)
    {
        isNew = false;
        evicted = null;
        lock (_gate)
        {
            if (_closedFor != CloseReason.None)
                return null;
            if (_sessions.TryGetValue(new Key(listener, peer), out DatagramSession? session))
            {
                Unlink(session);
            }
            else
            {
                if (_sessions.Count >= _limits.MaxSessions)
                {
                    evicted = _oldest!;
                    Forget(evicted);
                }

                isNew = true;
                var own = new SocketAddress(peer.Family, peer.Size);
                PeerNames.Copy(peer, own);
                session = new DatagramSession(this, listener, own, _limits.MaxQueuedPerSession, _readsInline);
                _sessions.Add(new Key(listener, own), session);
            }

            session.HeardAt = Service.Host.Clock.Now;
            LinkNewest(session);
            return session;
        }
    }

    private void Begin(DatagramSession session)
    {
        if (Service.Host.Logger.IsEnabled(LogLevel.Debug))
            Service.Host.Logger.SessionBegan(session.Id, session.RemoteEndPoint, session.Address);
        Service.Work.Add(session);
        Service.Host.Clock.Schedule(session, session.HeardAt + _idle);
        ValueTask room = _dispatcher.WaitForRoomAsync(Service.Stopping);
        if (room.IsCompletedSuccessfully)
            _dispatcher.Dispatch(session);
        else
            _ = BeginLaterAsync(session, room); // the loop goes on: the sessions that fill the policy need it
    }

    private async Task BeginLaterAsync(DatagramSession session, ValueTask room)
    {
        try
        {
            await room.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Reject(session, CloseReason.Drained);
            return;
        }

        _dispatcher.Dispatch(session);
    }

    private void Ended(DatagramSession session, CloseReason reason)
    {
        Service.Host.Clock.Cancel(session);
        lock (_gate)
        {
            if (_sessions.TryGetValue(new Key(session.Listener, session.Peer), out DatagramSession? known) && ReferenceEquals(known, session))
                Forget(session);
        }

        session.End(reason);
        session.DropUnread();
        if (Service.Host.Logger.IsEnabled(LogLevel.Debug))
            Service.Host.Logger.SessionEnded(session.Id, session.EndReason);
        Service.Work.Remove(session);
    }

    private void Forget(DatagramSession session)
    {
        if (_sessions.Remove(new Key(session.Listener, session.Peer)))
            Unlink(session);
    }

    private void LinkNewest(DatagramSession session)
    {
        session.ListPrevious = _newest;
        session.ListNext = null;
        if (_newest is not null)
            _newest.ListNext = session;
        else
            _oldest = session;
        _newest = session;
    }

    private void Unlink(DatagramSession session)
    {
        if (session.ListPrevious is { } previous)
            previous.ListNext = session.ListNext;
        else
            _oldest = session.ListNext;
        if (session.ListNext is { } next)
            next.ListPrevious = session.ListPrevious;
        else
            _newest = session.ListPrevious;
        session.ListNext = session.ListPrevious = null;
    }

    /// <summary>Peers are told apart by the bytes of their addresses that count, hashed with the process's own random seed.</summary>
    private readonly struct Key(DatagramListener listener, SocketAddress peer) : IEquatable<Key>
    {
        private readonly DatagramListener _listener = listener;
        private readonly SocketAddress _peer = peer;

        private ReadOnlySpan<byte> Name => _peer.Buffer.Span[.._peer.Size];

        public bool Equals(Key other) => ReferenceEquals(_listener, other._listener) && Name.SequenceEqual(other.Name);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(_listener);
            hash.AddBytes(Name);
            return hash.ToHashCode();
        }
    }
}
