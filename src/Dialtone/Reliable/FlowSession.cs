using System.Net;

namespace Dialtone;

/// <summary>A peer's end of a reliable flow at the server: proven, in order, each message once, wherever the peer's datagrams come from now.</summary>
public sealed class FlowSession
{
    private readonly FlowServer _server;
    private readonly Lock _gate = new();
    private readonly Flow _flow; // and all below: under _gate
    private DatagramSender? _peer;
    private Queue<byte[]>? _arrived;
    private List<Action>? _outcomes;
    private bool _isDelivering;
    private bool _toldEnd;

    internal FlowSession(FlowServer server, FlowKeys keys, object? tag, long now)
    {
        _server = server;
        Tag = tag;
        AdmittedAt = now;
        _flow = new Flow(keys, isServer: true, server.Options.Flow, now) { Received = message => (_arrived ??= new Queue<byte[]>()).Enqueue(message) };
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
            lock (_gate)
                return _peer?.Address;
        }
    }

    /// <summary>Why it ended; <see cref="FlowEnd.None"/> while it lives.</summary>
    public FlowEnd End
    {
        get
        {
            lock (_gate)
                return _flow.End;
        }
    }

    /// <summary>The measured round trip; zero before the first measurement.</summary>
    public TimeSpan RoundTrip
    {
        get
        {
            lock (_gate)
                return TimeSpan.FromMicroseconds(_flow.RoundTripMicroseconds);
        }
    }

    internal long AdmittedAt { get; }

    internal bool IsActive { get; set; } // under the server's lock

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
        lock (_gate)
        {
            if (_flow.End != FlowEnd.None || (_flow.QueuedBytes > 0 && _flow.QueuedBytes + message.Length > options.MaxQueuedBytes))
                return false;
            _flow.Send(new FlowMessage(message, outcome is null ? null : end => (_outcomes ??= []).Add(() => outcome(end))), _server.Now);
        }

        Work();
        return true;
    }

    /// <summary>Sends something of the moment that is neither repeated nor acknowledged.</summary>
    public bool Note(ReadOnlySpan<byte> content)
    {
        Span<byte> packet = stackalloc byte[_server.Options.Flow.MaxDatagramBytes <= 2048 ? 2048 : _server.Options.Flow.MaxDatagramBytes];
        lock (_gate)
        {
            int length = _flow.Note(packet, content, _server.Now);
            return length > 0 && _peer is not null && _peer.Send(packet[..length]);
        }
    }

    /// <summary>The application has done with so many bytes of messages it was given: the peer may send more.</summary>
    public void Taken(int bytes)
    {
        lock (_gate)
            _flow.Taken(bytes);
        Work();
    }

    /// <summary>Ends the flow: the peer is told, what is not yet acknowledged fails.</summary>
    public void Close()
    {
        lock (_gate)
            _flow.Close();
        Work();
    }

    /// <summary>Takes a datagram that names this session; what is not proven changes nothing.</summary>
    internal void Receive(Datagram datagram)
    {
        lock (_gate)
        {
            if (!_flow.Receive(datagram.Payload.Span, _server.Now, out bool isNewest))
                return;
            if (isNewest && (_peer is null || !datagram.IsFrom(_peer)) && datagram.CanReply)
                _peer = datagram.KeepSender();
        }

        Work();
    }

    /// <summary>Sends what is due, then tells what has happened, outside the lock and in order.</summary>
    /// <returns>When it wants to be asked again; <see cref="long.MaxValue"/> for not at all.</returns>
    internal long Work()
    {
        long wake = Pump(out bool isQuiet);
        Deliver();
        _server.Schedule(this, isQuiet ? long.MaxValue : wake);
        return wake;
    }

    /// <summary>Ends it if it has been silent too long; lets go of what only a busy session needs.</summary>
    internal void Look(long now)
    {
        bool neverSpoke;
        lock (_gate)
        {
            neverSpoke = _peer is null && now - AdmittedAt >= (long)_server.Options.FirstDatagram.TotalMicroseconds;
            if (neverSpoke)
                _flow.Close();
            else if (_flow.IsQuiet)
                _flow.Rest();
        }

        Work();
    }

    private long Pump(out bool isQuiet)
    {
        int size = _server.Options.Flow.MaxDatagramBytes;
        Span<byte> packet = size <= 2048 ? stackalloc byte[2048] : new byte[size];
        lock (_gate)
        {
            long now = _server.Now;
            if (_peer is null)
            {
                isQuiet = true;
                return long.MaxValue; // it has yet to show where it is
            }

            while (_flow.Next(packet, now) is > 0 and var length)
                _peer.Send(packet[..length]);
            isQuiet = _flow.IsQuiet;
            return _flow.WakeAt();
        }
    }

    private void Deliver()
    {
        while (true)
        {
            byte[]? message = null;
            List<Action>? outcomes;
            bool hasEnded = false;
            lock (_gate)
            {
                if (_isDelivering)
                    return;
                outcomes = _outcomes;
                _outcomes = null;
                if (_arrived is not null && !_arrived.TryDequeue(out message))
                    _arrived = null;
                if (outcomes is null && message is null)
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
                foreach (Action outcome in outcomes ?? [])
                    outcome();
                if (message is not null)
                    _server.Deliver(this, message);
                if (hasEnded)
                    _server.Remove(this);
            }
            finally
            {
                lock (_gate)
                    _isDelivering = false;
            }
        }
    }
}
