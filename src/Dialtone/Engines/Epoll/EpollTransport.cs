using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>A non-blocking socket watched by a loop, edge-triggered: two flags remember what the kernel has said.</summary>
internal sealed class EpollTransport : DescriptorTransport, IEpollSource
{
    private const uint AllEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    private const int BulkBytes = 64 * 1024; // a receive that fills so much is one of a long transfer
    private const int BulkReads = 4;         // so many in a row, and nobody needs to be told that there is more

    private readonly EpollLoop _loop;
    private IReadyWaiter? _receiveWaiter;
    private IReadyWaiter? _sendWaiter;
    private ReadyGate? _sendGate; // made by the first send that has to wait
    private volatile bool _readable = true;
    private volatile bool _writable = true;
    private volatile bool _hungUp;
    private byte _bulkReads; // the reader's own, as is what follows
    private bool _isQuiet;

    public EpollTransport(EpollLoop loop, int descriptor, PeerKey peer, bool keepsMessages)
        : base(descriptor, peer, keepsMessages, blocks: false)
    {
        _loop = loop;
        loop.Add(this, descriptor, AllEvents);
    }

    int IEpollSource.Slot { get; set; } = -1;

    /// <summary>The loop that watches this connection; an inline handler begins on its thread.</summary>
    public EpollLoop Loop => _loop;

    public override bool MayReceive => _readable;

    public override bool HasInput
    {
        get
        {
            if (!_readable)
                return false;
            _readable = false; // as in TryReceive
            bool hasInput = true;
            try
            {
                hasInput = Peek();
            }
            finally
            {
                if (hasInput)
                    _readable = true;
                else if (_bulkReads > 0)
                    Follow(isBulk: false);
            }

            return hasInput;
        }
    }

    public override int TryReceive(Memory<byte> buffer)
    {
        // Lowered before the call: an edge that comes during it raises it again.
        _readable = false;
        int count;
        try
        {
            count = base.TryReceive(buffer);
        }
        catch
        {
            _readable = true; // an error has no edge of its own: the next read must meet it again, not wait
            throw;
        }

        // A short read has emptied the socket (epoll(7)), except that the end of the stream has no edge of its own to wait for.
        if (count == buffer.Length || (count >= 0 && (_hungUp || KeepsMessages)))
            _readable = true;
        if (count >= BulkBytes || _bulkReads > 0)
            Follow(isBulk: count >= BulkBytes && count == buffer.Length);
        return count;
    }

    /// <summary>
    /// Has the loop look away while a long transfer keeps the reader busy: being told of every packet that arrives meanwhile would cost two
    /// switches between threads each.
    /// </summary>
    private void Follow(bool isBulk)
    {
        _bulkReads = (byte)(isBulk ? Math.Min(_bulkReads + 1, BulkReads) : 0);
        bool isQuiet = _bulkReads == BulkReads;
        if (isQuiet == _isQuiet)
            return;
        _isQuiet = isQuiet;
        Enter();
        _loop.Change(this, Descriptor, isQuiet ? AllEvents & ~EPOLLIN : AllEvents);
        Exit();
    }

    public override void WaitToReceive(IReadyWaiter waiter)
    {
        Volatile.Write(ref _receiveWaiter, waiter);
        Interlocked.MemoryBarrier();
        if (_readable)
            Wake(ref _receiveWaiter);
    }

    public override void Yield(IReadyWaiter waiter) => _loop.CallLater(waiter);

    public override int TrySend(ReadOnlyMemory<byte> buffer)
    {
        _writable = false;
        int count = base.TrySend(buffer);
        if (count == buffer.Length)
            _writable = true;
        return count;
    }

    public override int TrySendChain(Segment first)
    {
        _writable = false;
        int count = base.TrySendChain(first);
        if (count >= 0)
            _writable = true;
        return count;
    }

    public override long TrySendFile(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long count)
    {
        _writable = false;
        long sent = base.TrySendFile(file, offset, count);
        if (sent >= 0)
            _writable = true;
        return sent;
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        while (true)
        {
            int sent = TrySend(buffer);
            if (sent == buffer.Length)
                return;
            if (sent > 0)
                buffer = buffer[sent..];
            else
                await WaitToSendAsync().ConfigureAwait(false);
        }
    }

    public override ValueTask WaitToSendAsync()
    {
        ReadyGate gate = _sendGate ??= new ReadyGate();
        ValueTask wait = gate.Arm();
        Volatile.Write(ref _sendWaiter, gate);
        Interlocked.MemoryBarrier();
        if (_writable)
            Wake(ref _sendWaiter);
        return wait;
    }

    public void OnEvents(uint events)
    {
        bool isReadable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        bool isWritable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
        if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
            _hungUp = true;
        if (isReadable)
            _readable = true;
        if (isWritable)
            _writable = true;
        Interlocked.MemoryBarrier();
        if (isReadable)
            Wake(ref _receiveWaiter);
        if (isWritable)
            Wake(ref _sendWaiter);
    }

    private void Wake(ref IReadyWaiter? place)
    {
        if (Volatile.Read(ref place) is not null && Interlocked.Exchange(ref place, null) is { } waiter)
            _loop.Call(waiter);
    }

    protected override void WakeAll()
    {
        _readable = _writable = _hungUp = true;
        Interlocked.MemoryBarrier();
        Wake(ref _receiveWaiter);
        Wake(ref _sendWaiter);
    }

    protected override void Unwatch() => _loop.Remove(this, Descriptor);
}
