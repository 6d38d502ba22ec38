namespace Dialtone.Commands;

/// <summary>What a command reads. Closing it is the end of its input; a write that nobody will read throws <see cref="IOException"/>.</summary>
internal sealed class CommandInput(PolledDescriptor target, bool isTerminal) : Stream
{
    private const byte EndOfTransmission = 4; // Ctrl-D
    private readonly SemaphoreSlim _turn = new(1); // one writer waits; a caller that takes a kept command over may be another

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await target.WriteAsync(buffer, cancellationToken).ConfigureAwait(false))
                throw new IOException("The command reads no more.");
        }
        finally
        {
            _turn.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer, offset, count, default).GetAwaiter().GetResult();

    /// <summary>Ends the input: a pipe is closed; to a terminal the end is a key.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken = default)
    {
        if (isTerminal)
            _ = await target.WriteAsync(new byte[] { EndOfTransmission }, cancellationToken).ConfigureAwait(false);
        else
            target.Dispose();
    }

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing) => target.Dispose();
}
