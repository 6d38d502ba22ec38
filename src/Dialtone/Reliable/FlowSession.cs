using System.Net;

namespace Dialtone;

/// <summary>A peer's end of a reliable flow at the server: proven, in order, each message once, wherever the peer's datagrams come from now.</summary>
public sealed class FlowSession
{
    private static readonly long RestAfter = (long)TimeSpan.FromSeconds(1).TotalMicroseconds;
    private readonly FlowServer _server;
    private readonly Flow _flow; // it and all below: under its own lock
    private DatagramSender? _peer;
    private long _wakeAt;        // read by the server's tick without the lock
    private bool _isDue;         // somebody is about to send what is due
    private bool _isWatched;
    private bool _isDelivering;
    private bool _toldEnd;

    internal FlowSession(FlowServer server, FlowKeys keys, object? tag, long now)
    {
        _server = server;
        Tag = tag;
        _flow = new Flow(keys, isServer: true, server.Options.Flow, now);
    }

    /// <summary>What names the session in every datagram.</summary>
    public ulong Id => _flow.Keys.SessionId;

    /// <summary>What its admission was for: whatever was handed to <see cref="FlowServer.TryAdmit"/>.</summary>
    public object? Tag { get; }

    /// <summary>Where the newest proven datagram came from; null before the first.</summary>
    public EndPoint? RemoteEndPoint
    {
        get
        {
            lock (_flow)
                return _peer?.Address;
        }
    }

    /// <summary>Why it ended; <see cref="FlowEnd.None"/> while it lives.</summary>
    public FlowEnd End
    {
        get
        {
            lock (_flow)
                return _flow.End;
        }
    }

    /// <summary>The measured round trip; zero before the first measurement.</summary>
    public TimeSpan RoundTrip
    {
        get
        {
            lock (_flow)
                return TimeSpan.FromMicroseconds(_flow.RoundTripMicroseconds);
        }
    }

    /// <summary>Queues a message, without waiting.</summary>
    /// <param name="message">Not to be changed until its outcome is known.</param>
    /// <param name="outcome">Told once: <see cref="FlowEnd.None"/> when the peer has acknowledged it, otherwise why it never will. May be null.</param>
    /// <returns>False if the flow has ended or its queue is full: nothing was queued.</returns>
    /// <exception cref="ArgumentException">The message is longer than <see cref="FlowOptions.MaxMessageBytes"/>.</exception>
    public bool TrySend(ReadOnlyMemory<byte> message, Action<FlowEnd>? outcome = null)
    {
        FlowOptions options = _server.Options.Flow;
        if (message.Length > options.MaxMessageBytes)
            throw new ArgumentException($"The message has {message.Length} bytes; the maximum is {options.MaxMessageBytes}.", nameof(message));
        bool isDue;
        lock (_flow)
        {
            if (_flow.End != FlowEnd.None || (_flow.QueuedBytes > 0 && _flow.QueuedBytes + message.Length > options.MaxQueuedBytes))
                return false;
            _flow.Send(new FlowMessage(message, outcome), _server.Now);
            isDue = ClaimDue();
        }

        if (isDue)
            _server.AddDue(this);
        return true;
    }

    /// <summary>The application has done with so many bytes of messages it was given: the peer may send more.</summary>
    public void Taken(int bytes)
    {
        bool isDue;
        lock (_flow)
        {
            _flow.Taken(bytes);
            isDue = _flow.WakeAt() == 0 && ClaimDue();
        }

        if (isDue)
            _server.AddDue(this);
    }

    /// <summary>Ends the flow: the peer is told, what is not yet acknowledged fails.</summary>
    public void Close()
    {
        lock (_flow)
            _flow.Close();
        Work();
    }

    /// <summary>Takes a datagram that names this session; what is not proven changes nothing.</summary>
    internal void Receive(Datagram datagram)
    {
        bool isOurs = false; // to send: what the application answers now shares the ack's packet
        lock (_flow)
        {
            if (!_flow.Receive(datagram.Payload.Span, _server.Now, out bool isNewest))
                return;
            if (isNewest && (_peer is null || !datagram.IsFrom(_peer)) && datagram.CanReply)
                _peer = datagram.KeepSender();
            if (_flow.WakeAt() == 0 || _flow.HasNews)
                (isOurs, _isDue) = (!_isDue, true);
        }

        Deliver();
        if (isOurs)
            Work();
        else
            Watch();
    }

    /// <summary>Sends what is due, then tells what has happened.</summary>
    /// <param name="batch">What the datagrams are to leave with; null to send them now.</param>
    internal void Work(DatagramBatch? batch = null)
    {
        bool hasNews;
        lock (_flow)
        {
            _isDue = false;
            Send(batch);
            hasNews = _flow.HasNews || (_flow.End != FlowEnd.None && !_toldEnd);
        }

        if (hasNews)
            Deliver();
        Watch();
    }

    /// <summary>The server's clock: whether it has to be asked again.</summary>
    internal bool Tick(long now)
    {
        if (Volatile.Read(ref _wakeAt) > now)
            return true;
        lock (_flow)
        {
            if (_flow.IsQuiet && !_isDue)
            {
                _flow.Rest();
                return _isWatched = false;
            }

            if (!ClaimDue())
                return true;
        }

        _server.AddDue(this);
        return true;
    }

    /// <summary>Ends it if it has been silent too long.</summary>
    internal void Look(long now)
    {
        lock (_flow)
        {
            if (_peer is null && now - _flow.HeardAt >= (long)_server.Options.FirstDatagram.TotalMicroseconds)
                _flow.Close();
            else if (_flow.IsQuiet && _flow.WakeAt() > now)
                return;
        }

        Work();
    }

    // Whoever has yet to show where it is gets what waits when it does.
    private bool ClaimDue()
    {
        if (_isDue || _peer is null)
            return false;
        return _isDue = true;
    }

    private void Send(DatagramBatch? batch)
    {
        if (_peer is not { } peer)
            return;
        long now = _server.Now;
        int size = _server.Options.Flow.MaxDatagramBytes;
        Span<byte> packet = batch is not null ? default : size <= 2048 ? stackalloc byte[2048] : new byte[size];
        while (_flow.Next(batch is null ? packet : batch.Next, now) is > 0 and var length)
        {
            if (batch is null)
                peer.Send(packet[..length]);
            else
                batch.Add(length, peer);
        }
    }

    /// <summary>Keeps it on the server's clock while it waits for something, and until it has rested.</summary>
    private void Watch()
    {
        bool isNew;
        lock (_flow)
        {
            if (_peer is null || _flow.End != FlowEnd.None)
                return;
            Volatile.Write(ref _wakeAt, _flow.IsQuiet ? _server.Now + RestAfter : _flow.WakeAt());
            isNew = !_isWatched;
            _isWatched = true;
        }

        if (isNew)
            _server.AddWatched(this);
    }

    // Outside the lock and in order: one thread at a time, and whoever comes meanwhile leaves what it has to that one.
    private void Deliver()
    {
        while (true)
        {
            byte[]? message;
            List<FlowMessage>? finished;
            bool hasEnded = false;
            lock (_flow)
            {
                if (_isDelivering)
                    return;
                finished = _flow.TakeFinished();
                message = _flow.Take();
                if (finished is null && message is null)
                {
                    hasEnded = _flow.End != FlowEnd.None && !_toldEnd;
                    if (!hasEnded)
                        return;
                    _toldEnd = true;
                }

                _isDelivering = true;
            }

            try
            {
                foreach (FlowMessage each in finished ?? [])
                    each.Tell();
                if (message is not null)
                    _server.Deliver(this, message);
                if (hasEnded)
                    _server.Remove(this);
            }
            catch (Exception e)
            {
                // Whatever it is, it is this session's alone: the thread goes on with others.
                Instruments.Shared.Errors.Add(1, Instruments.ErrorType(e));
                Close();
            }
            finally
            {
                lock (_flow)
                {
                    _isDelivering = false;
                    if (hasEnded)
                        _flow.Rest();
                }
            }
        }
    }
}
