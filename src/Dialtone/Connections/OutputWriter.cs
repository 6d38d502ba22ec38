using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>
/// The sending half of a connection, directly on its transport: what was written leaves with one send when it is flushed, and only what the
/// socket did not take waits. Blocks are rented by the first write and returned by the flush.
/// </summary>
internal sealed class OutputWriter(Connection connection) : PipeWriter
{
    /// <summary>The step in which a send that waits reports progress to the write time limit.</summary>
    private const int ProgressBytes = 256 * 1024;

    private readonly Connection _connection = connection;
    private Segment? _head;
    private Segment? _tail;
    private long _unflushed;
    private bool _completed;
    private int _isSending;

    private Transport Transport => _connection.Transport;

    private BufferBudget Budget => _connection.Budget;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfCompleted();
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_tail is null || _tail.Room < Math.Max(sizeHint, 1))
        {
            // The second block of one flush is large: whoever fills one small block rarely stops there.
            Append(Segment.Rent(Budget, Math.Max(sizeHint, _tail is null ? BlockPool.SmallBytes : BlockPool.SmallBytes * 16)));
        }

        return _tail.Writable;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) =>
        _tail is { } tail && !_completed && sizeHint > 0 && tail.Room >= sizeHint ? tail.WritableSpan : GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (bytes == 0)
            return;
        if (_tail is null || (uint)bytes > (uint)_tail.Room)
            throw new ArgumentOutOfRangeException(nameof(bytes));
        _tail.Commit(bytes);
        _unflushed += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_unflushed == 0)
        {
            ReturnAll();
            return default;
        }

        BeginSend();
        if (Transport.IsBlocking && cancellationToken.CanBeCanceled)
            return FlushSlowlyAsync(cancellationToken);
        try
        {
            while (_head is not null)
            {
                int sent = _head == _tail ? Transport.TrySend(_head.Unread) : Transport.TrySendChain(_head);
                if (sent == Transport.WouldBlock)
                    return FlushSlowlyAsync(cancellationToken);
                Consume(sent);
            }

            EndSend();
            return default;
        }
        catch
        {
            ReturnAll(); // what was lent is the caller's again
            EndSend();
            throw;
        }
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
            throw _connection.IsDisposed ? TransportException.Closed() : new InvalidOperationException("The output was completed; nothing more can be written to it.");
    }

    /// <summary>Sends what was written before, then <paramref name="source"/> straight from the caller's memory.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (_unflushed > 0)
        {
            if (Volatile.Read(ref _isSending) == 1)
                throw SecondWriter(); // before its bytes join those that are being sent

            // Small beside what waits already: one send for both.
            if (source.Length <= BlockPool.SmallBytes)
            {
                this.Write(source.Span);
                return FlushAsync(cancellationToken);
            }

            if (Transport.KeepsMessages)
                return FlushThenSendAsync(source, cancellationToken);
            Append(Segment.Lend(source)); // one send for both, straight from the caller's memory
            _unflushed += source.Length;
            return FlushAsync(cancellationToken);
        }

        if (source.Length == 0)
            return default;
        BeginSend();
        if (Transport.IsBlocking && cancellationToken.CanBeCanceled)
            return SendSlowlyAsync(source, cancellationToken); // it blocks, in steps, and can be called off
        try
        {
            int sent = Transport.TrySend(source);
            if (sent == source.Length)
            {
                Sent(sent);
                EndSend();
                return default;
            }

            if (sent > 0)
            {
                Sent(sent);
                source = source[sent..];
            }
        }
        catch
        {
            EndSend();
            throw;
        }

        return SendSlowlyAsync(source, cancellationToken);
    }

    private async ValueTask<FlushResult> FlushSlowlyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using CancellationTokenRegistration _ = AbortWhenCancelled(cancellationToken);
            if (Transport.KeepsMessages && _head != _tail)
                Join();
            while (_head is { } head)
            {
                ReadOnlyMemory<byte> data = head.Unread;
                int step = Transport.KeepsMessages ? data.Length : Math.Min(data.Length, ProgressBytes);
                await Transport.SendAsync(data[..step]).ConfigureAwait(false);
                Consume(step);
            }

            _tail = null;
            return default;
        }
        catch (TransportException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            ReturnAll();
            EndSend();
        }
    }

    private async ValueTask<FlushResult> SendSlowlyAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        try
        {
            using CancellationTokenRegistration _ = AbortWhenCancelled(cancellationToken);
            while (source.Length > 0)
            {
                // In steps, so that a slow reader of much is seen to make progress; but a message goes whole.
                int step = Transport.KeepsMessages ? source.Length : Math.Min(source.Length, ProgressBytes);
                await Transport.SendAsync(source[..step]).ConfigureAwait(false);
                Sent(step);
                source = source[step..];
            }

            return default;
        }
        catch (TransportException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            EndSend();
        }
    }

    private async ValueTask<FlushResult> FlushThenSendAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        return await WriteAsync(source, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Part of a cancelled write may be on the wire already: only ending the connection keeps the peer from taking it for the whole.</summary>
    private CancellationTokenRegistration AbortWhenCancelled(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static state => ((Connection)state!).Abort(), _connection);

    public override void CancelPendingFlush() => _connection.Abort();

    public override void Complete(Exception? exception = null)
    {
        _completed = true;
        if (_isSending == 0)
            ReturnAll();
    }

    /// <summary>Makes one block of the chain: what is flushed together is one message where the transport keeps them.</summary>
    private void Join()
    {
        Segment whole = Segment.Rent(Budget, checked((int)_unflushed));
        while (_head is { } head)
        {
            head.Unread.CopyTo(whole.Writable);
            whole.Commit(head.End - head.Start);
            _head = head.Following;
            head.Return(Budget);
        }

        _head = _tail = whole;
    }

    [MemberNotNull(nameof(_tail))]
    private void Append(Segment segment)
    {
        if (_tail is null)
            _head = segment;
        else
            _tail.Append(segment);
        _tail = segment;
    }

    /// <summary>Gives back the blocks that left.</summary>
    private void Consume(int sent)
    {
        Sent(sent);
        while (_head is { } head)
        {
            int taken = Math.Min(sent, head.End - head.Start);
            head.Start += taken;
            sent -= taken;
            if (head.Start < head.End)
                return;
            _head = head.Following;
            head.Return(Budget);
        }

        _tail = null;
    }

    private void ReturnAll()
    {
        while (_head is { } head)
        {
            _head = head.Following;
            head.Return(Budget);
        }

        _tail = null;
        _unflushed = 0;
    }

    private void Sent(int bytes)
    {
        _unflushed = Math.Max(0, _unflushed - bytes);
        _connection.CountSent(bytes);
    }

    private static InvalidOperationException SecondWriter() => new("Another write to this connection is under way; await it first.");

    private void BeginSend()
    {
        if (Interlocked.Exchange(ref _isSending, 1) == 1)
            throw SecondWriter();
        _connection.BeginWriteWait();
    }

    private void EndSend()
    {
        _connection.EndWriteWait();
        Volatile.Write(ref _isSending, 0);
    }
}
