using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dialtone;

/// <summary>
/// The body of a message: a read-only stream that ends where the body ends and leaves the connection open. Bytes go
/// straight from the socket to the reader's memory.
/// </summary>
/// <remarks>
/// One read at a time. If the connection ends before the body does, a read throws <see cref="ProtocolException"/> with
/// <see cref="ProtocolError.TruncatedFrame"/>: a body that ended is whole.
/// </remarks>
public sealed class BodyStream : Stream
{
    private const int CopyBytes = 256 * 1024;
    private const int SkipBytes = 64 * 1024;

    private readonly Connection _connection;
    private readonly long _length;
    private bool _skipped;

    internal BodyStream(Connection connection, long length)
    {
        _connection = connection;
        _length = length;
        Remaining = length;
    }

    /// <summary>Bytes not read yet.</summary>
    public long Remaining { get; private set; }

    /// <summary>Bytes of the whole body, known from the header.</summary>
    public override long Length => _length;

    /// <summary>Bytes read so far. It cannot be set.</summary>
    public override long Position
    {
        get => _length - Remaining;
        set => throw new NotSupportedException("A body cannot be read twice.");
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Receives into <paramref name="buffer"/>; 0 means that the body is whole.</summary>
    /// <exception cref="ProtocolException">The connection ended before the body did.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfSkipped();
        if (buffer.Length > Remaining)
        {
            buffer = buffer[..(int)Remaining];
        }

        if (buffer.IsEmpty)
        {
            return new(0);
        }

        ValueTask<int> receiving = _connection.ReceiveAsync(buffer, cancellationToken);
        return receiving.IsCompletedSuccessfully ? new(Received(receiving.Result)) : AwaitAsync(receiving);
    }

    /// <summary>Receives the rest of the body into a file, through one buffer of 256 KiB.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="fileOffset">Where in the file the first byte goes. Default 0.</param>
    /// <param name="cancellationToken">Ends the wait for more; the connection stays usable.</param>
    /// <returns>The bytes received, which is all that remained.</returns>
    /// <remarks>Writing to the file blocks the thread, as files do; do it under any policy but Inline.</remarks>
    /// <exception cref="ProtocolException">The connection ended before the body did.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async ValueTask<long> CopyToAsync(
        SafeFileHandle file, long fileOffset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ThrowIfSkipped();
        long start = Position;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes(CopyBytes));
        try
        {
            while (Remaining > 0)
            {
                long at = fileOffset + Position - start;
                int count = await ReadAsync(buffer, cancellationToken).ConfigureAwait(false); // what came is written while it is warm
                RandomAccess.Write(file, buffer.AsSpan(0, count), at);
            }

            return Position - start;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Receives the rest of the body into <paramref name="destination"/>, through one pooled buffer.</summary>
    /// <inheritdoc/>
    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        ThrowIfSkipped();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes(CopyBytes));
        try
        {
            while (Remaining > 0)
            {
                int count = await ReadAsync(buffer, cancellationToken).ConfigureAwait(false); // what came is written while it is warm
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Receives the rest of the body and drops it.</summary>
    /// <exception cref="ProtocolException">The connection ended before the body did.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    public async ValueTask SkipAsync(CancellationToken cancellationToken = default)
    {
        if (Remaining == 0)
        {
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes(SkipBytes));
        try
        {
            while (Remaining > 0)
            {
                await ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Receives into <paramref name="buffer"/>, blocking until something is there.</summary>
    /// <inheritdoc cref="ReadAsync(Memory{byte}, CancellationToken)"/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Read-only: nothing is held back.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A body cannot seek.");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("A body is read-only.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A body is read-only.");

    /// <summary>Skips what was left unread and closes the stream, so that a late reader does not take it for the end.</summary>
    internal async ValueTask LeaveAsync(long maxSkippedBytes, CancellationToken cancellationToken)
    {
        if (Remaining > maxSkippedBytes)
        {
            throw new ProtocolException(
                ProtocolError.BodyNotRead,
                $"{Remaining} bytes of the last body were not read; at most {maxSkippedBytes} are skipped.");
        }

        bool unread = Remaining > 0;
        await SkipAsync(cancellationToken).ConfigureAwait(false);
        _skipped = unread;
    }

    private async ValueTask<int> AwaitAsync(ValueTask<int> receiving) => Received(await receiving.ConfigureAwait(false));

    private int Received(int count)
    {
        if (count == 0)
        {
            throw ProtocolException.Truncated(Remaining);
        }

        Remaining -= count;
        return count;
    }

    private int BufferBytes(int most) => (int)Math.Min(Remaining, most);

    private void ThrowIfSkipped()
    {
        if (_skipped)
        {
            throw new InvalidOperationException(
                "The rest of this body was skipped when the next message was received; read it before.");
        }
    }
}
