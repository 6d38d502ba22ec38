namespace Dialtone.Chat;

/// <summary>Puts a <see cref="ChatHub"/> behind a <see cref="Server"/>.</summary>
public static class ChatServer
{
    /// <summary>The port of chats where none is given.</summary>
    public const int DefaultPort = 7072;

    /// <summary>
    /// Serves a chat. Connections with TLS join in the native protocol, those without (and those within the machine) speak lines. Datagrams of
    /// the native protocol go on where its joins ended; all others are plain text.
    /// </summary>
    /// <remarks>
    /// <see cref="Concurrency.Inline"/> suits it best: nothing here blocks, and a plain sender's datagrams keep their order. Not for
    /// <see cref="Concurrency.Process"/>, where people in two processes would not meet. Dispose the hub after the server.
    /// </remarks>
    /// <param name="server">Not started yet.</param>
    /// <param name="hub">Holds the chat.</param>
    /// <param name="options">In which tongues.</param>
    public static Server HandleChat(this Server server, ChatHub hub, ChatServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(hub);
        options ??= new ChatServerOptions();
        var native = new NativeTongue(hub, server, options);
        hub.Own(native);
        var lines = new LineTongue(hub, server, options);
        var plain = options.Plain ? new PlainTongue(hub, options) : null;
        return server
            .Handle(connection => connection.Tls is null ? lines.RunAsync(connection) : native.RunAsync(connection))
            .HandleDatagrams(datagram =>
            {
                if (!native.Receive(datagram))
                    plain?.Receive(datagram);
                return default;
            });
    }
}
