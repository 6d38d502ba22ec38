using System.Net;

namespace Dialtone.Engines;

/// <summary>One end of a connection inside this process: two bounded rings of bytes, and the same endings as a socket's.</summary>
internal sealed class MemoryTransport : Transport
{
    private const int RingBytes = 64 * 1024;

    private readonly Ring _incoming;
    private readonly Ring _outgoing;
    private readonly string _name;
    private readonly ReadyGate _sendGate = new();
    private readonly ReadyOn _readyOn;
    private volatile bool _aborted;
    private volatile bool _disposed;

    private MemoryTransport(Ring incoming, Ring outgoing, string name, ReadyOn readyOn)
    {
        _incoming = incoming;
        _outgoing = outgoing;
        _name = name;
        _readyOn = readyOn;
    }

    /// <summary>Makes a connected pair; each end waits as its own side asks.</summary>
    public static (MemoryTransport Server, MemoryTransport Client) CreatePair(string name, ReadyOn server)
    {
        var toServer = new Ring(RingBytes);
        var toClient = new Ring(RingBytes);
        return (new MemoryTransport(toServer, toClient, name, server), new MemoryTransport(toClient, toServer, name, ReadyOn.Pool));
    }

    public override bool IsBlocking => _readyOn == ReadyOn.CallerBlocks;

    public override EndPoint? LocalEndPoint => null;

    public override EndPoint? RemoteEndPoint => null;

    public override PeerKey PeerKey => PeerKey.None;

    public override int Descriptor => -1;

    public override int TryReceive(Memory<byte> buffer)
    {
        while (true)
        {
            ThrowIfOver();
            int count = _incoming.Read(buffer.Span, out Ring.State state);
            if (count > 0)
                return count;
            if (state == Ring.State.Reset)
                throw new TransportException(TransportError.PeerReset, "The peer reset the connection.");
            if (state == Ring.State.Ended)
                return 0;
            if (!IsBlocking)
                return WouldBlock;
            _incoming.BlockUntilReadable();
        }
    }

    public override void BlockUntilReceivable(CancellationToken cancellationToken) => _incoming.BlockUntilReadable(cancellationToken);

    public override void WaitToReceive(IReadyWaiter waiter) => _incoming.WaitToRead(waiter);

    public override int TrySend(ReadOnlyMemory<byte> buffer)
    {
        while (true)
        {
            ThrowIfOver();
            int count = _outgoing.Write(buffer.Span, out Ring.State state);
            if (state == Ring.State.Reset)
                throw new TransportException(TransportError.PeerReset, "The peer reset the connection.");
            if (state == Ring.State.Ended)
                throw new TransportException(TransportError.Closed, "Sending was finished.");
            if (count > 0 || buffer.Length == 0)
                return count;
            if (!IsBlocking)
                return WouldBlock;
            _outgoing.BlockUntilWritable();
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int sent = TrySend(buffer);
            if (sent > 0)
                buffer = buffer[sent..];
            else
                await WaitToSendAsync().ConfigureAwait(false);
        }
    }

    public override ValueTask WaitToSendAsync()
    {
        ValueTask wait = _sendGate.Arm();
        _outgoing.WaitToWrite(_sendGate);
        return wait;
    }

    public override ValueTask FinishSendingAsync()
    {
        _outgoing.End();
        return default;
    }

    public override void Abort(bool reset)
    {
        _aborted = true;
        _incoming.Reset(); // first: a peer that reads the end must find its own sending broken as well
        if (reset)
            _outgoing.Reset();
        else
            _outgoing.End();
    }

    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        // As the kernel does: closing over input that nobody read is a reset.
        if (_incoming.HasUnread)
            _outgoing.Reset();
        else
            _outgoing.End();
        _incoming.Reset();
    }

    private void ThrowIfOver()
    {
        if (_aborted)
            throw AbortedError();
        if (_disposed)
            throw TransportException.Closed();
    }

    public override string ToString() => $"memory:{_name}";

    /// <summary>Bytes one way. Everything is guarded by its lock; waiters run on the thread pool.</summary>
    private sealed class Ring(int capacity)
    {
        public enum State
        {
            Open,
            Ended,
            Reset,
        }

        private readonly object _gate = new(); // a monitor: blocking ends wait on it
        private readonly byte[] _bytes = new byte[capacity];
        private int _start;
        private int _count;
        private State _state;
        private IReadyWaiter? _reader;
        private IReadyWaiter? _writer;

        public bool HasUnread
        {
            get
            {
                lock (_gate)
                    return _count > 0;
            }
        }

        public int Read(Span<byte> destination, out State state)
        {
            lock (_gate)
            {
                state = _state;
                if (_state == State.Reset)
                    return 0;
                int count = Math.Min(destination.Length, _count);
                int first = Math.Min(count, capacity - _start);
                _bytes.AsSpan(_start, first).CopyTo(destination);
                _bytes.AsSpan(0, count - first).CopyTo(destination[first..]);
                _start = (_start + count) % capacity;
                _count -= count;
                if (count > 0)
                    Signal(ref _writer);
                return count;
            }
        }

        public int Write(ReadOnlySpan<byte> source, out State state)
        {
            lock (_gate)
            {
                state = _state;
                if (_state != State.Open)
                    return 0;
                int count = Math.Min(source.Length, capacity - _count);
                int at = (_start + _count) % capacity;
                int first = Math.Min(count, capacity - at);
                source[..first].CopyTo(_bytes.AsSpan(at));
                source[first..count].CopyTo(_bytes);
                _count += count;
                if (count > 0)
                    Signal(ref _reader);
                return count;
            }
        }

        public void End() => ChangeTo(State.Ended);

        public void Reset() => ChangeTo(State.Reset);

        private void ChangeTo(State state)
        {
            lock (_gate)
            {
                if (_state == State.Reset)
                    return;
                _state = state;
                Signal(ref _reader);
                Signal(ref _writer);
            }
        }

        public void WaitToRead(IReadyWaiter waiter)
        {
            lock (_gate)
            {
                _reader = waiter;
                if (_count > 0 || _state != State.Open)
                    Signal(ref _reader);
            }
        }

        public void WaitToWrite(IReadyWaiter waiter)
        {
            lock (_gate)
            {
                _writer = waiter;
                if (_count < capacity || _state != State.Open)
                    Signal(ref _writer);
            }
        }

        public void BlockUntilReadable(CancellationToken cancellationToken = default)
        {
            using CancellationTokenRegistration _ = cancellationToken.UnsafeRegister(static ring => ((Ring)ring!).WakeBlocked(), this);
            lock (_gate)
            {
                while (_count == 0 && _state == State.Open && !cancellationToken.IsCancellationRequested)
                    Monitor.Wait(_gate);
            }
        }

        private void WakeBlocked()
        {
            lock (_gate)
                Monitor.PulseAll(_gate);
        }

        public void BlockUntilWritable()
        {
            lock (_gate)
            {
                while (_count == capacity && _state == State.Open)
                    Monitor.Wait(_gate);
            }
        }

        private void Signal(ref IReadyWaiter? place)
        {
            if (place is { } waiter)
            {
                place = null;
                ThreadPool.UnsafeQueueUserWorkItem(waiter, preferLocal: false);
            }

            Monitor.PulseAll(_gate);
        }
    }
}
