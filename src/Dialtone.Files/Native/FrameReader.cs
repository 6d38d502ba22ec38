using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Dialtone.Files;

/// <summary>The receiving side of the native frame: headers and small bodies as slices of one buffer, large bodies straight into the caller's memory.</summary>
/// <remarks>A slice is good until the next call. A server's reader holds no buffer while it waits for the first byte of a frame; a client's keeps it.</remarks>
internal sealed class FrameReader(Connection connection, int largestBuffer = TransferBuffers.Large, bool isClient = false) : IDisposable
{
    private const int LengthBytes = sizeof(int);
    private const int SmallestBuffer = 16 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _wantedSize = SmallestBuffer;

    /// <summary>Bytes received and not yet taken.</summary>
    public int Buffered => _end - _start;

    /// <summary>Takes the next header, if all of it is here.</summary>
    /// <param name="maxBytes">The longest header allowed now.</param>
    /// <param name="json">The header.</param>
    /// <exception cref="ProtocolException">These bytes cannot be a header.</exception>
    public bool TryReadHeader(int maxBytes, out ReadOnlySpan<byte> json)
    {
        json = default;
        if (Buffered < LengthBytes)
            return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
        if (length < 2)
            throw new ProtocolException(length < 0 ? ProtocolError.NegativeLength : ProtocolError.BadHeader, $"A header of {length} bytes is announced.");
        if (length > maxBytes)
            throw new ProtocolException(ProtocolError.HeaderTooLarge, $"A header of {length} bytes is announced; {maxBytes} are allowed.");
        if (Buffered < LengthBytes + length)
        {
            _wantedSize = Math.Max(_wantedSize, LengthBytes + length);
            return false;
        }

        json = _buffer.AsSpan(_start + LengthBytes, length);
        _start += LengthBytes + length;
        return true;
    }

    /// <summary>Receives more: false when the peer has finished sending.</summary>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken = default)
    {
        if (Buffered == 0 && !isClient)
        {
            ReturnBuffer();
            if (!await WaitForInputAsync(cancellationToken).ConfigureAwait(false))
                return false;
        }

        MakeRoom();
        int space = _buffer!.Length - _end;
        int count = await ReceiveAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += count;
        // A full buffer says that more waits: take it in larger steps.
        if (count == space)
            _wantedSize = Math.Max(_wantedSize, Math.Min(_buffer.Length * 4, largestBuffer));
        return count > 0;
    }

    /// <summary>The next <paramref name="count"/> bytes in one piece.</summary>
    /// <exception cref="ProtocolException">To a server: the connection ended before them.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count, CancellationToken cancellationToken = default)
    {
        _wantedSize = Math.Max(_wantedSize, count);
        while (Buffered < count)
        {
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw Ended(count - Buffered);
        }

        _start += count;
        return _buffer.AsMemory(_start - count, count);
    }

    /// <summary>Reads some of a body: what is buffered, otherwise straight from the connection.</summary>
    /// <exception cref="ProtocolException">To a server: the connection ended before the body did.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        int count = Math.Min(Buffered, destination.Length);
        if (count > 0)
        {
            _buffer.AsSpan(_start, count).CopyTo(destination.Span);
            _start += count;
            return count;
        }

        if (!isClient)
            ReturnBuffer();
        count = await ReceiveAsync(destination, cancellationToken).ConfigureAwait(false);
        return count > 0 ? count : throw Ended(destination.Length);
    }

    /// <summary>Takes and drops.</summary>
    /// <exception cref="ProtocolException">To a server: the connection ended before.</exception>
    public async ValueTask SkipAsync(long count, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            int step = (int)Math.Min(Buffered, count);
            _start += step;
            count -= step;
            if (count == 0)
                return;
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw Ended(count);
        }
    }

    // A caller that leaves in the middle breaks the rules; a server that does has been cut off, and a client may call again.
    private Exception Ended(long missing) => isClient
        ? new TransportException(TransportError.PeerReset, $"The server closed the connection with at least {missing} bytes still to come.")
        : Truncated(missing);

    /// <summary>What it means that a caller left inside a frame.</summary>
    public static ProtocolException Truncated(long missing) =>
        new(ProtocolError.TruncatedFrame, $"The connection ended with at least {missing} bytes of a message missing.");

    public void Dispose() => ReturnBuffer();

    private ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        connection is { IsBlocking: true, Tls: not null } && cancellationToken.CanBeCanceled
            ? new ValueTask<int>(ReceiveOrEnd(buffer, cancellationToken))
            : connection.ReceiveAsync(buffer, cancellationToken);

    /// <summary>A read that blocks below TLS cannot be called off: the end of the connection ends it.</summary>
    private int ReceiveOrEnd(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenRegistration _ = cancellationToken.UnsafeRegister(static state => ((Connection)state!).Abort(), connection);
        try
        {
            return connection.ReceiveAsync(buffer, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (TransportException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private async ValueTask<bool> WaitForInputAsync(CancellationToken cancellationToken)
    {
        ReadResult result;
        while (!connection.Input.TryRead(out result))
            await connection.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        connection.Input.AdvanceTo(result.Buffer.Start);
        return !result.Buffer.IsEmpty;
    }

    private void MakeRoom()
    {
        if (_buffer is not null && Buffered == 0)
        {
            _start = _end = 0;
            if (_buffer.Length < _wantedSize)
                ReturnBuffer();
        }

        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_wantedSize);
            return;
        }

        if (_buffer.Length < _wantedSize)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_wantedSize);
            _buffer.AsSpan(_start, Buffered).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, Buffered).CopyTo(_buffer);
        }

        (_start, _end) = (0, Buffered);
    }

    private void ReturnBuffer()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = _end = 0;
    }
}
