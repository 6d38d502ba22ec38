namespace Dialtone.Commands;

/// <summary>Frames on a connection.</summary>
internal sealed class ConnectionLine(Connection connection) : IFrameLine
{
    public int MaxPieceBytes => CommandFrame.MaxPieceBytes;

    /// <summary>Whether a call holds its thread until it is done.</summary>
    public bool IsBlocking => connection.IsBlocking;

    public bool CanSendAtOnce => connection.CanSendAtOnce;

    public async ValueTask<ReceivedFrame?> ReceiveAsync(CancellationToken cancellationToken) =>
        await connection.ReceiveAsync(CommandFrame.Codec, cancellationToken).ConfigureAwait(false) is { } message
            ? new ReceivedFrame(message.Header, message.Body)
            : null;

    public ValueTask SendAsync(CommandFrame frame, ReadOnlyMemory<byte> body) => connection.SendAsync(CommandFrame.Codec, frame, body);

    public ValueTask FinishAsync() => connection.FinishSendingAsync();

    public void Abort() => connection.Abort();

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
