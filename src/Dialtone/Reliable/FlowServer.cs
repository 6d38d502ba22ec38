using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Dialtone;

/// <summary>
/// Reliable flows over a server's datagram address. Who has authenticated elsewhere (in a TLS conversation) is admitted, gets keys to carry away, and
/// speaks in datagrams from then on. Nobody without keys costs memory, or gets an answer.
/// </summary>
/// <remarks>Give it the datagrams from a datagram handler: <c>server.HandleDatagrams(async d => { if (!flows.Receive(d)) … })</c>, with
/// <c>whileDraining</c> where connections stay open beside their flows. It must outlive the server's run.</remarks>
public sealed class FlowServer : IAsyncDisposable, IThreadPoolWorkItem
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<ulong, FlowSession> _sessions = new();
    private readonly Action<FlowSession, byte[]> _received;
    private readonly Action<FlowSession>? _ended;
    private readonly ITimer _ticking;
    private readonly ITimer _looking;
    private readonly long _begun;
    private readonly DatagramBatch _batch;       // of whoever sends what is due: one at a time
    private readonly List<FlowSession> _onClock = []; // of whoever ticks: one at a time
    private readonly Lock _gate = new();
    private List<FlowSession> _due = [];         // and below: under _gate
    private List<FlowSession> _beingSent = [];
    private readonly List<FlowSession> _watched = []; // since the last tick
    private bool _isSending;
    private bool _isTicking;
    private int _count;
    private int _ticks;

    /// <summary>Makes a table without sessions.</summary>
    /// <param name="received">
    /// Gets each message, in order per session, never two at a time for one session, on whichever thread brought it: it must not block. It owns the bytes,
    /// and says <see cref="FlowSession.Taken"/> when it has done with them. If it throws, that is counted as an error and the session is closed.
    /// </param>
    /// <param name="ended">Told once when a session is over.</param>
    /// <param name="options">The bounds.</param>
    public FlowServer(Action<FlowSession, byte[]> received, Action<FlowSession>? ended = null, FlowServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(received);
        Options = options ?? new FlowServerOptions();
        _received = received;
        _ended = ended;
        _begun = Options.Time.GetTimestamp();
        _batch = new DatagramBatch(Options.Flow.MaxDatagramBytes);
        _ticking = Options.Time.CreateTimer(static self => ((FlowServer)self!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _looking = Options.Time.CreateTimer(static self => ((FlowServer)self!).OnLook(), this, LookEvery, LookEvery);
    }

    /// <summary>The bounds.</summary>
    public FlowServerOptions Options { get; }

    /// <summary>Sessions now.</summary>
    public int Count => Volatile.Read(ref _count);

    internal long Now => (long)Options.Time.GetElapsedTime(_begun).TotalMicroseconds;

    /// <summary>Makes a session for somebody who has proven who they are. The keys are theirs alone: hand them out over the channel that proved it.</summary>
    /// <param name="tag">What <see cref="FlowSession.Tag"/> will be.</param>
    /// <param name="session">The session, until it ends.</param>
    /// <param name="secret"><see cref="FlowKeys.SecretBytes"/> bytes for the client's <see cref="FlowKeys"/>, beside <see cref="FlowSession.Id"/>.</param>
    /// <returns>False if there are <see cref="FlowServerOptions.MaxSessions"/>.</returns>
    public bool TryAdmit(object? tag, out FlowSession? session, out byte[]? secret)
    {
        (session, secret) = (null, null);
        if (Interlocked.Increment(ref _count) > Options.MaxSessions)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        secret = RandomNumberGenerator.GetBytes(FlowKeys.SecretBytes);
        do
        {
            ulong id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
            session = new FlowSession(this, new FlowKeys(id, secret), tag, Now);
        }
        while (!_sessions.TryAdd(session.Id, session));
        return true;
    }

    /// <summary>Takes a datagram if it claims to belong to a flow. Unknown, forged, altered and repeated ones are dropped without an answer.</summary>
    /// <returns>False if it is something else, such as plain text: it was not touched.</returns>
    public bool Receive(Datagram datagram)
    {
        ArgumentNullException.ThrowIfNull(datagram);
        if (datagram.Payload.Span is not [FlowPacket.Mark, FlowPacket.Version, ..])
            return false;
        if (FlowPacket.TryReadHeader(datagram.Payload.Span, out ulong id, out _) && _sessions.TryGetValue(id, out FlowSession? session))
            session.Receive(datagram);
        return true;
    }

    /// <summary>Closes every session, telling the peers: do it while the server still sends, as when its <see cref="Datagram.Closing"/> is cancelled.</summary>
    public void CloseAll()
    {
        foreach ((_, FlowSession session) in _sessions)
            session.Close();
    }

    /// <summary>Closes every session.</summary>
    public async ValueTask DisposeAsync()
    {
        CloseAll();
        await _ticking.DisposeAsync().ConfigureAwait(false);
        await _looking.DisposeAsync().ConfigureAwait(false);
    }

    internal void Deliver(FlowSession session, byte[] message) => _received(session, message);

    internal void Remove(FlowSession session)
    {
        if (!_sessions.TryRemove(session.Id, out _))
            return;
        Interlocked.Decrement(ref _count);
        _ended?.Invoke(session);
    }

    /// <summary>Sends what is due to a session soon, together with what is due to others: under load, several messages share a datagram.</summary>
    internal void AddDue(FlowSession session)
    {
        lock (_gate)
        {
            _due.Add(session);
            if (_isSending)
                return;
            _isSending = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Keeps a session on the clock until it has nothing to wait for.</summary>
    internal void AddWatched(FlowSession session)
    {
        lock (_gate)
        {
            _watched.Add(session);
            if (_isTicking)
                return;
            _isTicking = true;
            _ticking.Change(Tick, Tick);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_due.Count == 0)
                {
                    _isSending = false;
                    return;
                }

                (_due, _beingSent) = (_beingSent, _due);
            }

            foreach (FlowSession session in _beingSent)
                session.Work(_batch);
            _beingSent.Clear();
            _batch.Flush();
        }
    }

    private void OnTick()
    {
        if (Interlocked.Exchange(ref _ticks, 1) == 1)
            return; // the last one is not done yet
        lock (_gate)
        {
            _onClock.AddRange(_watched);
            _watched.Clear();
            if (_onClock.Count == 0)
            {
                _isTicking = false;
                _ticking.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        long now = Now;
        _onClock.RemoveAll(session => !session.Tick(now));
        Volatile.Write(ref _ticks, 0);
    }

    private void OnLook()
    {
        long now = Now;
        foreach ((_, FlowSession session) in _sessions)
            session.Look(now);
    }
}
