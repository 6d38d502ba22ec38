namespace Dialtone;

/// <summary>Two ends of one connection inside this process, both in the test's hands. What <c>socketpair</c> is to sockets.</summary>
public sealed class ConnectedPair : IAsyncDisposable
{
    private readonly MemoryServer _server;
    private readonly TaskCompletionSource _isOver;

    private ConnectedPair(MemoryServer server, Connection client, Connection accepted, TaskCompletionSource isOver)
    {
        _server = server;
        Client = client;
        Server = accepted;
        _isOver = isOver;
    }

    /// <summary>The end that called.</summary>
    public Connection Client { get; }

    /// <summary>The end that was called; the limits in the options hold for it.</summary>
    public Connection Server { get; }

    /// <summary>Makes a pair.</summary>
    /// <param name="options">Limits, time, buffers and policy of the called end. Default: none, the system's, the usual.</param>
    public static async Task<ConnectedPair> CreateAsync(ServerOptions? options = null)
    {
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryServer server = await MemoryServer.StartAsync(
            server => server.Handle(connection =>
            {
                accepted.TrySetResult(connection);
                return isOver.Task;
            }),
            options);
        Connection? client = null;
        try
        {
            client = await server.ConnectAsync();
            return new ConnectedPair(server, client, await accepted.Task.WaitAsync(TimeSpan.FromSeconds(10)), isOver);
        }
        catch
        {
            if (client is not null)
                await client.DisposeAsync();
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the called end's handler finish, as a handler does that returns.</summary>
    /// <returns>Why the called end closed: <see cref="CloseReason.HandlerFinished"/>, or what ended it before.</returns>
    public async Task<CloseReason> FinishServerAsync()
    {
        _isOver.TrySetResult();
        await _server.Server.StopAsync();
        return Server.CloseReason;
    }

    /// <summary>Cuts both ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _isOver.TrySetResult();
        Client.Abort();
        await Client.DisposeAsync();
        await _server.DisposeAsync();
    }
}
