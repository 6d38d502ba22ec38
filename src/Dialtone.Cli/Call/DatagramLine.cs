namespace Dialtone.Cli;

/// <summary>A datagram address: each line is a datagram, and each datagram is shown as a line.</summary>
internal sealed class DatagramLine(DatagramClient client) : ICallLine
{
    public bool CarriesEmpty => true;

    public bool KeepsMessages => true;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message) => client.SendAsync(message);

    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync() => await client.ReceiveAsync();

    /// <summary>There is no such thing.</summary>
    public ValueTask FinishSendingAsync() => default;

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return default;
    }
}
