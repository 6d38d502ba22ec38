namespace Dialtone.Engines;

/// <summary>A blocking socket: every call waits in the kernel, as Python's do. For handlers that own a thread.</summary>
internal sealed class BlockingTransport(int descriptor, PeerKey peer, bool keepsMessages) : DescriptorTransport(descriptor, peer, keepsMessages, blocks: true)
{
    public override void BlockUntilReceivable(CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            Linux.BlockUntilReceivable(Descriptor, cancellationToken);
        }
        finally
        {
            Exit();
        }
    }

    public override void WaitToReceive(IReadyWaiter waiter) => waiter.OnReady();

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        while (buffer.Length > 0)
            buffer = buffer[TrySend(buffer)..];
        return default;
    }

    protected override void WakeAll()
    {
        // shutdown(2) has already ended the calls that wait.
    }

    protected override void Unwatch()
    {
        // Nobody watches it.
    }
}
