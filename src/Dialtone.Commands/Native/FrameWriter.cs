namespace Dialtone.Commands;

/// <summary>Sends frames on a line, one at a time, for all the commands that share it.</summary>
internal sealed class FrameWriter(IFrameLine line)
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc cref="IFrameLine.MaxPieceBytes"/>
    public int MaxPieceBytes => line.MaxPieceBytes;

    /// <summary>Tells the peer that nothing more will come.</summary>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public async ValueTask FinishAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await line.FinishAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends a frame without a body, and never holds this thread up: where the line would, another thread sends it.</summary>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public ValueTask PostAsync(CommandFrame frame) => SendAsync(frame, default, mayHoldUp: false);

    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    /// <exception cref="ProtocolException">The header is beyond its bound; nothing was sent.</exception>
    public ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body = default) => SendAsync(frame, body, mayHoldUp: true);

    private async ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body, bool mayHoldUp)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!mayHoldUp && !line.CanSendAtOnce)
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await line.SendAsync(frame, body).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
