namespace Dialtone.Cli;

/// <summary>A connection without framing: what arrives together is shown together.</summary>
/// <param name="connection">The connection.</param>
/// <param name="ending">What is sent behind each message: a newline, or nothing.</param>
internal sealed class StreamLine(Connection connection, ReadOnlyMemory<byte> ending) : ICallLine
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>A stream has no empty messages: whoever waits for the answer to one waits for ever.</summary>
    public bool CarriesEmpty => false;

    public bool KeepsMessages => connection.Address.Scheme == AddressScheme.UnixSequenced;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        // Together, so that one send carries both.
        Memory<byte> whole = connection.Output.GetMemory(message.Length + ending.Length);
        message.CopyTo(whole);
        ending.CopyTo(whole[message.Length..]);
        connection.Output.Advance(message.Length + ending.Length);
        await connection.Output.FlushAsync();
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        int count = await connection.ReceiveAsync(_buffer);
        if (count == 0)
            return null; // not in one expression with the memory, which would make an empty piece of it
        return _buffer.AsMemory(0, count);
    }

    public ValueTask FinishSendingAsync() => connection.FinishSendingAsync();

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
