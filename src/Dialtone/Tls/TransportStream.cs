using System.Runtime.CompilerServices;

namespace Dialtone.Engines;

/// <summary>A transport as the stream that <see cref="System.Net.Security.SslStream"/> reads and writes. Blocking transports complete every call at once.</summary>
internal sealed class TransportStream(Transport transport) : Stream
{
    private readonly ReadyGate _gate = new();

    /// <summary>Whether the peer's bytes have ended. SslStream gives 0 both for TLS's own goodbye and for a cut; this tells them apart.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
            return transport.IsBlocking || transport.HasInput ? new(0) : WaitAsync(); // to wait takes the turn of a loop, even where there is nothing to wait for
        if (transport.MayReceive)
        {
            int count = transport.TryReceive(buffer);
            if (count != Transport.WouldBlock)
                return new(Received(count));
        }

        return ReceiveAfterWaitAsync(buffer);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync()
    {
        await Arm().ConfigureAwait(false);
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAfterWaitAsync(Memory<byte> buffer)
    {
        while (true)
        {
            await Arm().ConfigureAwait(false);
            int count = transport.TryReceive(buffer);
            if (count != Transport.WouldBlock)
                return Received(count);
        }
    }

    private ValueTask Arm()
    {
        ValueTask wait = _gate.Arm();
        transport.WaitToReceive(_gate);
        return wait;
    }

    private int Received(int count)
    {
        if (count == 0)
            HasEnded = true;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => transport.SendAsync(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
