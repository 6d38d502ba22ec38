namespace Dialtone;

/// <summary>A connection as a <see cref="Stream"/>: reads and writes go straight to the socket; on a blocking connection they block.</summary>
internal sealed class ConnectionStream(Connection connection) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.ReceiveAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.SendAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Finish(connection.ReceiveAsync(buffer.AsMemory(offset, count)));

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValueTask sending = connection.SendAsync(buffer.AsMemory(offset, count));
        if (sending.IsCompleted)
            sending.GetAwaiter().GetResult();
        else
            sending.AsTask().GetAwaiter().GetResult();
    }

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static int Finish(ValueTask<int> receiving) =>
        receiving.IsCompleted ? receiving.GetAwaiter().GetResult() : receiving.AsTask().GetAwaiter().GetResult();
}
