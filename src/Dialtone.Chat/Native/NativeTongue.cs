namespace Dialtone.Chat;

/// <summary>The native protocol: a join over TLS, then reliable datagrams.</summary>
internal sealed class NativeTongue(ChatHub hub, Server server, ChatServerOptions options) : IAsyncDisposable
{
    /// <summary>Holds the conversation that joins.</summary>
    public Task RunAsync(Connection connection)
    {
        _ = (hub, server, options);
        return Task.CompletedTask;
    }

    /// <summary>Takes a datagram of this protocol.</summary>
    /// <returns>False if it is something else.</returns>
    public bool Receive(Datagram datagram) => hub is null;

    public ValueTask DisposeAsync() => default;
}
