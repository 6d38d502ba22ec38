using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>
/// The receiving half of a connection, directly on its transport: no task and no pipe between. A read tries to receive first and only then
/// waits; a block is rented when bytes are there and returned when they are consumed, so a connection that waits holds no buffer.
/// </summary>
internal sealed class InputReader(Connection connection) : PipeReader, IReadyWaiter, IValueTaskSource<ReadResult>, IValueTaskSource
{
    /// <summary>Reads in a row that found data at once before an inline handler must let its loop serve others.</summary>
    private const int MaxReadsWithoutYield = 64;

    /// <summary>The part of <see cref="_wait"/> that is a <see cref="Wait"/>.</summary>
    private const int WaitMask = 7;

    /// <summary>Who may complete the task of a read that waits.</summary>
    private enum Wait
    {
        /// <summary>Nothing waits.</summary>
        None,

        /// <summary>A read waits; the transport or a cancellation completes it.</summary>
        Waiting,

        /// <summary>A receive that takes what is there: the transport has called and completes the read, or a read tries before it waits.</summary>
        Receiving,

        /// <summary>As <see cref="Receiving"/>, and the wait's token was cancelled meanwhile.</summary>
        ReceivingCancelled,

        /// <summary>As <see cref="Receiving"/>, and <see cref="CancelPendingRead"/> came meanwhile.</summary>
        ReceivingInterrupted,

        /// <summary>A read blocks its thread. Nothing but its own end ends it.</summary>
        Blocking,

        /// <summary>As <see cref="Blocking"/>, and the connection was closed meanwhile: the read fails, and gives the blocks back.</summary>
        BlockingClosed,

        /// <summary>The connection is closed: no read begins.</summary>
        Closed,
    }

    private readonly Connection _connection = connection;
    private ManualResetValueTaskSourceCore<bool> _core; // a mutable struct: never readonly
    private Segment? _head;
    private Segment? _tail;
    private long _length;       // unconsumed bytes
    private long _examined;     // of those, how many the caller has looked at in vain
    private int _wait;          // a Wait, and above it the wait's number: whoever meant an earlier one finds another
    private bool _receivesDirectly; // the wait is ReceiveAsync's, which receives by itself
    private byte _hotReads;     // reads in a row that did not wait
    private byte _growth;       // 0, 1, 2: the next block's size, 4 KiB << 2 × growth
    private bool _ended;
    private bool _cancelNext;
    private bool _completed;
    private Cancellation? _cancellation; // made by the first read that can be cancelled

    private Transport Transport => _connection.Transport;

    private BufferBudget Budget => _connection.Budget;

    /// <summary>Bytes received and not yet consumed.</summary>
    public long BufferedBytes => _length;

    /// <summary>Whether the peer has finished sending and everything was received.</summary>
    public bool HasEnded => _ended;

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        if (_cancelNext || _length > _examined || _ended || (Transport.IsBlocking ? FillBlocking(default) : FillAtOnce()))
        {
            result = TakeResult();
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>Receives if something is there. After many in a row it says no once: whoever waits then lets others come first.</summary>
    private bool FillAtOnce()
    {
        if (!Transport.MayReceive)
            return false;
        if (_hotReads == MaxReadsWithoutYield)
        {
            _hotReads++;
            return false;
        }

        int wait = Begin(Wait.Receiving);
        try
        {
            if (!Fill(isTry: true))
                return false;
        }
        finally
        {
            Volatile.Write(ref _wait, wait);
        }

        _hotReads = (byte)(_hotReads > MaxReadsWithoutYield ? 1 : _hotReads + 1);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (_cancelNext || _length > _examined || _ended)
            return new(TakeResult());
        cancellationToken.ThrowIfCancellationRequested();
        if (Transport.IsBlocking)
        {
            FillBlocking(cancellationToken);
            return new(TakeResult());
        }

        if (FillAtOnce())
            return new(TakeResult());
        return new ValueTask<ReadResult>(this, BeginWait(receivesDirectly: false, cancellationToken));
    }

    /// <summary>Waits until something can be received, or the stream has ended, without renting a buffer.</summary>
    private ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask(this, BeginWait(receivesDirectly: true, cancellationToken));
    }

    /// <summary>A receive that blocks in the kernel cannot be called off; this wait before it can.</summary>
    private void BlockUntilReceivable(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
            return;
        Transport.BlockUntilReceivable(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Waits until a read may get on. The caller tries to receive, and waits again if it was for nothing.</summary>
    public ValueTask WaitToReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (_length > _examined || _ended)
            return default;
        if (!Transport.IsBlocking)
            return WaitAsync(cancellationToken);
        BeginBlocking();
        try
        {
            BlockUntilReceivable(cancellationToken);
            return default;
        }
        finally
        {
            EndBlocking();
        }
    }

    /// <summary>Receives into the caller's memory: what is buffered first, otherwise straight from the socket. 0 at the end of the stream.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (_length > 0)
            return new(CopyBuffered(destination.Span));
        if (_ended || destination.Length == 0)
            return new(0);
        if (Transport.IsBlocking)
            return new(ReceiveBlocking(destination, cancellationToken));
        if (Transport.MayReceive)
        {
            int count = Transport.TryReceive(destination);
            if (count != Transport.WouldBlock)
                return new(Received(count));
        }

        return ReceiveAfterWaitAsync(destination, cancellationToken);
    }

    private int ReceiveBlocking(Memory<byte> destination, CancellationToken cancellationToken)
    {
        BeginBlocking();
        try
        {
            int count;
            do
            {
                BlockUntilReceivable(cancellationToken);
                count = Transport.TryReceive(destination);
            }
            while (count == Transport.WouldBlock); // somebody has set SO_RCVTIMEO

            return Received(count);
        }
        finally
        {
            EndBlocking();
        }
    }

    private async ValueTask<int> ReceiveAfterWaitAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitAsync(cancellationToken).ConfigureAwait(false);
            int count = Transport.TryReceive(destination);
            if (count != Transport.WouldBlock)
                return Received(count);
        }
    }

    private int Received(int count)
    {
        if (count == 0)
            _ended = true;
        else
            _connection.CountReceived(count);
        return count;
    }

    private int CopyBuffered(Span<byte> destination)
    {
        int copied = 0;
        while (copied < destination.Length && _head is { } head)
        {
            ReadOnlySpan<byte> unread = head.Unread.Span;
            int count = Math.Min(unread.Length, destination.Length - copied);
            unread[..count].CopyTo(destination[copied..]);
            copied += count;
            head.Start += count;
            _length -= count;
            if (head.Start == head.End)
                ReturnHead(head);
        }

        _examined = 0;
        return copied;
    }

    private bool FillBlocking(CancellationToken cancellationToken)
    {
        BeginBlocking();
        try
        {
            BlockUntilReceivable(cancellationToken);
            return Fill();
        }
        finally
        {
            EndBlocking();
        }
    }

    /// <summary>Receives once into the tail block, or into a new one: false when nothing is there.</summary>
    /// <param name="isTry">Nobody knows whether something is there: that there is no block to receive into is not to be held against this connection.</param>
    /// <exception cref="TransportException">The connection broke, or the memory budget is used up.</exception>
    private bool Fill(bool isTry = false)
    {
        Segment? tail = _tail;
        Segment? fresh = null;
        if (tail is null || tail.Writable.Length < tail.End || Transport.KeepsMessages)
        {
            tail = fresh = Segment.TryRent(Budget, Math.Max(BlockPool.SmallBytes << (_growth * 2), Transport.NextMessageBytes));
            if (tail is null)
                return isTry ? false : throw BufferBudget.UsedUp();
        }

        Memory<byte> space = tail.Writable;
        int count;
        try
        {
            count = Transport.TryReceive(space);
        }
        catch
        {
            fresh?.Return(Budget);
            throw;
        }

        if (count <= 0)
        {
            fresh?.Return(Budget);
            if (count == Transport.WouldBlock)
                return false;
            _ended = true;
            return true;
        }

        // A read that fills its block asks for a larger one next time; one that fills less than a quarter, for a smaller.
        if (count == space.Length)
            _growth = (byte)Math.Min(_growth + 1, 2);
        else if (count < space.Length / 4 && _growth > 0)
            _growth--;

        tail.Commit(count);
        if (fresh is not null)
        {
            if (_tail is null)
                _head = fresh;
            else
                _tail.Append(fresh);
            _tail = fresh;
        }

        _length += count;
        _connection.CountReceived(count);
        return true;
    }

    private ReadResult TakeResult()
    {
        bool cancelled = _cancelNext;
        _cancelNext = false;
        ReadOnlySequence<byte> buffer = _head is { } head && _tail is { } tail
            ? new ReadOnlySequence<byte>(head, head.Start, tail, tail.End)
            : ReadOnlySequence<byte>.Empty;
        return new ReadResult(buffer, cancelled, _ended);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_head is null)
            return;
        var stop = (Segment?)consumed.GetObject();
        if (stop is null)
            return;

        long seen = PositionOf(examined) - PositionOf(consumed);
        ArgumentOutOfRangeException.ThrowIfNegative(seen, nameof(examined));
        while (_head is var head && head != stop)
        {
            if (head is null)
            {
                if (_completed)
                    return; // closed meanwhile
                throw new ArgumentException("The position is not in the buffer that was read.", nameof(consumed));
            }

            _length -= head.End - head.Start;
            ReturnHead(head);
        }

        int offset = consumed.GetInteger();
        if (offset < stop.Start || offset > stop.End)
            throw new ArgumentOutOfRangeException(nameof(consumed));
        _length -= offset - stop.Start;
        stop.Start = offset;
        if (offset == stop.End)
            ReturnHead(stop);
        _examined = seen;

        static long PositionOf(SequencePosition position) => ((Segment)position.GetObject()!).RunningIndex + position.GetInteger();
    }

    /// <summary>Gives the first block back, if the close has not.</summary>
    private void ReturnHead(Segment head)
    {
        Segment? next = head.Following;
        if (Interlocked.CompareExchange(ref _head, next, head) != head)
            return;
        if (next is null)
            _tail = null;
        head.Return(Budget);
    }

    public override void CancelPendingRead()
    {
        _cancelNext = true;
        Interlocked.MemoryBarrier(); // either this sees the wait, or the wait sees it
        CancelWait(null);
    }

    public override void Complete(Exception? exception = null)
    {
        if (_completed)
            return;
        _completed = true;
        if (!EndReads())
            ReturnBlocks();
    }

    // A thread that has not noticed the close may still look at the segments: they are not used again, and what it changes in them harms nobody.
    private void ReturnBlocks()
    {
        for (Segment? head = Interlocked.Exchange(ref _head, null); head is not null; head = head.Following)
            head.Abandon(Budget);
        _length = _examined = 0;
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
            throw _connection.IsDisposed ? TransportException.Closed() : new InvalidOperationException("The input was completed; nothing more can be read from it.");
    }

    /// <summary>Begins what no other read may overlap.</summary>
    /// <returns>What to put back at its end.</returns>
    /// <exception cref="InvalidOperationException">Another read is under way.</exception>
    /// <exception cref="TransportException">The connection is closed.</exception>
    private int Begin(Wait read)
    {
        int wait = Volatile.Read(ref _wait);
        if ((wait & WaitMask) != (int)Wait.None || Interlocked.CompareExchange(ref _wait, With(wait, read), wait) != wait)
            throw Overlap();
        return wait;
    }

    private Exception Overlap() => (Wait)(Volatile.Read(ref _wait) & WaitMask) is Wait.BlockingClosed or Wait.Closed
        ? TransportException.Closed()
        : new InvalidOperationException("Another read of this connection is under way; one at a time.");

    // ---- reads that block ----

    private void BeginBlocking()
    {
        Begin(Wait.Blocking);
        _connection.BeginReadWait();
    }

    /// <exception cref="TransportException">The connection was closed meanwhile.</exception>
    private void EndBlocking()
    {
        _connection.EndReadWait();
        if (Interlocked.CompareExchange(ref _wait, (int)Wait.None, (int)Wait.Blocking) == (int)Wait.Blocking)
            return;
        ReturnBlocks();
        Volatile.Write(ref _wait, (int)Wait.Closed);
        throw TransportException.Closed();
    }

    // ---- reads that wait ----

    /// <exception cref="InvalidOperationException">Another read is under way.</exception>
    /// <exception cref="TransportException">The connection is closed.</exception>
    private short BeginWait(bool receivesDirectly, CancellationToken cancellationToken)
    {
        int wait = Volatile.Read(ref _wait);
        if ((wait & WaitMask) != (int)Wait.None)
            throw Overlap();
        _receivesDirectly = receivesDirectly;
        bool mustYield = _hotReads >= MaxReadsWithoutYield;
        _hotReads = 0;
        _core.Reset();
        if (cancellationToken.CanBeCanceled)
            (_cancellation ??= new Cancellation()).Token = cancellationToken;
        if (Interlocked.CompareExchange(ref _wait, unchecked((wait | WaitMask) + 1) | (int)Wait.Waiting, wait) != wait)
            throw Overlap();
        _connection.BeginReadWait();
        short version = _core.Version;
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation!.Registration = cancellationToken.UnsafeRegister(static (state, token) => ((InputReader)state!).CancelWait(token), this);
        }

        if (_cancelNext && !receivesDirectly)
            CancelWait(null);
        if (mustYield)
            Transport.Yield(this);
        else
            Transport.WaitToReceive(this);
        return version;
    }

    /// <summary>Ends a wait early: any, or the one that was begun with a token.</summary>
    /// <remarks>
    /// A token's call may come when its wait is over and the next has begun: unregistering does not wait for it. The token is compared after
    /// the wait's number was read, and the exchange fails if the number is another by then.
    /// </remarks>
    private void CancelWait(CancellationToken? cause)
    {
        while (true)
        {
            int wait = Volatile.Read(ref _wait);
            var state = (Wait)(wait & WaitMask);
            if (state is not (Wait.Waiting or Wait.Receiving) || (cause is { } token && token != _cancellation!.Token))
                return;
            Wait next = state == Wait.Waiting ? Wait.None : cause is null ? Wait.ReceivingInterrupted : Wait.ReceivingCancelled;
            if (Interlocked.CompareExchange(ref _wait, With(wait, next), wait) != wait)
                continue;
            if (state == Wait.Waiting)
                EndWait(cause is { } cancelled ? new OperationCanceledException(cancelled) : null);
            return;
        }
    }

    /// <summary>Lets no read begin any more, because the connection is closed. One that waits fails now, one that blocks when it ends.</summary>
    /// <returns>Whether one blocks: it gives the blocks back, which the kernel may yet write to.</returns>
    public bool EndReads()
    {
        var spin = default(SpinWait);
        while (true)
        {
            int wait = Volatile.Read(ref _wait);
            var state = (Wait)(wait & WaitMask);
            if (state is Wait.Receiving or Wait.ReceivingCancelled or Wait.ReceivingInterrupted)
            {
                spin.SpinOnce(); // it takes what is there, and is done
                continue;
            }

            Wait next = state is Wait.Blocking or Wait.BlockingClosed ? Wait.BlockingClosed : Wait.Closed;
            if (Interlocked.CompareExchange(ref _wait, With(wait, next), wait) != wait)
                continue;
            if (state == Wait.Waiting)
            {
                _core.RunContinuationsAsynchronously = true; // who closes is not to run what comes after the read
                EndWait(TransportException.Closed());
            }

            return next == Wait.BlockingClosed;
        }
    }

    private static int With(int wait, Wait state) => (wait & ~WaitMask) | (int)state;

    /// <summary>The transport has something, or nobody waits any more.</summary>
    public void OnReady()
    {
        int wait;
        bool isDirect;
        do
        {
            wait = Volatile.Read(ref _wait);
            if ((wait & WaitMask) != (int)Wait.Waiting)
                return;
            isDirect = _receivesDirectly;
        }
        while (Interlocked.CompareExchange(ref _wait, With(wait, isDirect ? Wait.None : Wait.Receiving), wait) != wait);

        if (isDirect)
        {
            EndWait(null);
            return;
        }

        Exception? error = null;
        bool isDone = true;
        try
        {
            isDone = Fill();
        }
        catch (Exception e)
        {
            error = e;
        }

        if (!isDone && Interlocked.CompareExchange(ref _wait, wait, With(wait, Wait.Receiving)) == With(wait, Wait.Receiving))
        {
            Transport.WaitToReceive(this);
            return;
        }

        // What was received stays for the next read, even when a cancellation came meanwhile.
        bool cancelled = Interlocked.Exchange(ref _wait, With(wait, Wait.None)) == With(wait, Wait.ReceivingCancelled);
        EndWait(error ?? (cancelled ? new OperationCanceledException(_cancellation!.Token) : null));
    }

    void IThreadPoolWorkItem.Execute() => OnReady();

    private void EndWait(Exception? error)
    {
        _connection.EndReadWait();
        if (_cancellation is { } cancellation)
        {
            cancellation.Registration.Unregister();
            cancellation.Registration = default;
            cancellation.Token = default;
        }

        if (error is null)
            _core.SetResult(true);
        else
            _core.SetException(error);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        _core.GetResult(token);
        return TakeResult();
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>What a read that can be cancelled needs.</summary>
    private sealed class Cancellation
    {
        public CancellationTokenRegistration Registration { get; set; }

        /// <summary>What cancels the current wait; none if nothing does.</summary>
        public CancellationToken Token { get; set; }
    }
}
