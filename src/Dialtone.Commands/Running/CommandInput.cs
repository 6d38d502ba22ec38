namespace Dialtone.Commands;

/// <summary>What a command reads. Closing it is the end of its input; a write that nobody will read throws <see cref="IOException"/>.</summary>
internal sealed class CommandInput(PolledDescriptor target, bool isTerminal) : WriteOnlyStream
{
    private const byte EndOfTransmission = 4; // Ctrl-D
    private readonly SemaphoreSlim _turn = new(1); // one writer waits; a caller that takes a kept command over may be another

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

    /// <summary>Ends the input: a pipe is closed; to a terminal the end is a key.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken = default)
    {
        if (isTerminal)
            _ = await target.WriteAsync(new byte[] { EndOfTransmission }, cancellationToken).ConfigureAwait(false);
        else
            target.Dispose();
    }

    protected override void Dispose(bool disposing) => target.Dispose();
}
