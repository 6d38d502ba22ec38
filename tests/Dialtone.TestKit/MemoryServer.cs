namespace Dialtone;

/// <summary>A server on a <c>memory:</c> address of its own, started: handlers, middleware and limits tested without a socket.</summary>
public sealed class MemoryServer : IAsyncDisposable
{
    private static int Count;

    private readonly ServerOptions _options;

    private MemoryServer(ServerOptions options)
    {
        _options = options;
        Server = new Server(options);
    }

    /// <summary>The server.</summary>
    public Server Server { get; }

    /// <summary>Where it listens; no other server of this process has the name.</summary>
    public Address Address => _options.Listen[0];

    /// <summary>Starts a server.</summary>
    /// <param name="configure">Sets its handler, and middleware if it has any.</param>
    /// <param name="options">Its policy, limits, time, buffers; where it says to listen is not used.</param>
    public static async Task<MemoryServer> StartAsync(Action<Server> configure, ServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var name = Address.Memory($"test-kit-{Interlocked.Increment(ref Count)}");
        var server = new MemoryServer((options ?? new ServerOptions()) with { Listen = [name] });
        configure(server.Server);
        await server.Server.StartAsync();
        return server;
    }

    /// <summary>Calls it; the caller's end lives by the same clock as the server.</summary>
    public Task<Connection> ConnectAsync(CancellationToken cancellationToken = default) =>
        Dialer.ConnectAsync(Address, new DialOptions { Time = _options.Time }, cancellationToken);

    /// <summary>Cuts whatever still runs.</summary>
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
