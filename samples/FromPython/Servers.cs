using Dialtone;
using Microsoft.Win32.SafeHandles;

namespace FromPython;

public static class Servers
{
    public static ServerOptions Bind() => new()
    {
        #region bind
        Listen = ["tcp://127.0.0.1:0"],
        #endregion
        #region listen
        Socket = new ListenOptions { Backlog = 128 },
        #endregion
        #region TCPServer
        Concurrency = Concurrency.Sequential,
        #endregion
    };

    public static ServerOptions ThreadingTcp(string address) => new()
    {
        Listen = [address],
        #region ThreadingMixIn
        Concurrency = Concurrency.Thread(),
        #endregion
        #region setdefaulttimeout
        Limits = new ServerLimits { Read = TimeSpan.FromSeconds(5) },
        #endregion
    };

    public static ServerOptions Forking(string address) => new()
    {
        Listen = [address],
        #region ForkingMixIn
        Concurrency = Concurrency.Process(max: 40),
        #endregion
    };

    public static ServerOptions Pool(string address) => new()
    {
        Listen = [address],
        #region ThreadPoolExecutor
        Concurrency = Concurrency.Pool(128, queue: 1024),
        #endregion
    };

    public static ServerOptions Hooks(string address, ICollection<Exception> errors, Func<Connection, bool> isWelcome) => new()
    {
        Listen = [address],
        #region verify_request
        Verify = call => ValueTask.FromResult(isWelcome(call)),
        #endregion
        #region handle_error
        HandlerFailed = (call, error) => errors.Add(error),
        #endregion
    };

    public static Server Accept(ServerOptions options)
    {
        #region accept
        var server = new Server(options).Handle(async call => await call.SendAsync("hello"u8.ToArray()));
        #endregion
        return server;
    }

    public static Server WithHandlerClass(ServerOptions options)
    {
        #region TCPServer(handler)
        var server = new Server(options).Handle<UpperCase>();
        #endregion
        return server;
    }

    public static Server FinishRequest(Server server)
    {
        #region finish_request
        server.Use(async (call, next) => await next(call));
        #endregion
        return server;
    }

    public static Server Blocking(ServerOptions options)
    {
        #region setblocking(True)
        var server = new Server(options).HandleBlocking(call => call.Stream.CopyTo(call.Stream));
        #endregion
        return server;
    }

    public static async Task<DrainReport> ServeForever(Server server, CancellationToken stopping)
    {
        #region serve_forever
        DrainReport report = await server.RunAsync(stopping);
        #endregion
        return report;
    }

    public static async Task<bool> HandleRequest(Server server)
    {
        #region handle_request
        bool hasServed = await server.HandleOneAsync(timeout: TimeSpan.FromSeconds(5));
        #endregion
        return hasServed;
    }

    public static async Task Activate(Server server)
    {
        #region server_bind
        await server.StartAsync();
        #endregion
    }

    public static async Task Shutdown(Server server)
    {
        #region shutdown()
        await server.StopAsync(deadline: TimeSpan.FromSeconds(10));
        #endregion
    }

    public static async Task Close(Server server)
    {
        #region server_close
        await server.DisposeAsync();
        #endregion
    }

    public static Address Name(Server server)
    {
        #region server_address
        Address address = server.Addresses[0];
        #endregion
        return address;
    }

    public static async Task<long> SendFile(Connection call, string path)
    {
        #region sendfile
        using SafeFileHandle file = File.OpenHandle(path);
        long sent = await call.SendFileAsync(file, offset: 2, count: 3);
        #endregion
        return sent;
    }
}
