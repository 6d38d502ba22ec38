namespace Dialtone.Chat;

/// <summary>Lines over a connection, for <c>nc</c> and telnet.</summary>
internal sealed class LineTongue(ChatHub hub, Server server, ChatServerOptions options)
{
    public Task RunAsync(Connection connection)
    {
        _ = (hub, server, options);
        return Task.CompletedTask;
    }
}
