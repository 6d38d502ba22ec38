using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Tests.Authentication;

/// <summary>An upper-case server behind a door: in memory, or on two ports of loopback.</summary>
internal sealed class DoorServer : IAsyncDisposable
{
    private static int _number;
    private readonly Server _server;
    private readonly ConnectionHost _callers = new(TimeProvider.System, new ServerLimits(), BlockPool.Shared, NullLogger.Instance);

    private DoorServer(Server server) => _server = server;

    public Server Server => _server;

    public LogCollector Log { get; private init; } = null!;

    public static async Task<DoorServer> StartAsync(ConnectionMiddleware door, string policy = "task", TimeProvider? time = null, byte[]? channel = null, bool inMemory = false)
    {
        var log = new LogCollector();
        Assert.True(Concurrency.TryParse(policy.Replace("blocking ", "", StringComparison.Ordinal), out Concurrency? concurrency));
        var server = new Server(new ServerOptions
        {
            Listen = inMemory ? [$"memory:door-{Interlocked.Increment(ref _number)}"]
                : policy.Contains("sequential", StringComparison.Ordinal) ? ["tcp://127.0.0.1:0"]
                : ["tcp://127.0.0.1:0", "tcp://127.0.0.1:0"],
            Concurrency = concurrency,
            Time = time ?? TimeProvider.System,
            LoggerFactory = log,
        });
        server.Use((connection, next) =>
        {
            connection.ChannelBinding = channel;
            return next(connection);
        });
        server.Use(door);
        if (policy.StartsWith("blocking", StringComparison.Ordinal))
            server.HandleBlocking(Upper);
        else
            server.Handle(UpperAsync);
        await server.StartAsync();
        return new DoorServer(server) { Log = log };
    }

    /// <summary>A caller of ours, in memory.</summary>
    public Connection Call(byte[]? channel = null) =>
        new(_callers, Engines.MemoryListener.Connect(_server.Addresses[0]), _server.Addresses[0]) { ChannelBinding = channel };

    /// <summary>Any caller, over TCP. Reads give up after 20 s.</summary>
    public NetworkStream Dial(string from = "127.0.0.1", int listener = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000, NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        socket.Connect(new IPEndPoint(IPAddress.Loopback, _server.Addresses[listener].Port));
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _callers.Dispose();
    }

    private static async Task UpperAsync(Connection connection)
    {
        var buffer = new byte[1024];
        while (await connection.ReceiveAsync(buffer) is > 0 and int count)
        {
            ToUpper(buffer.AsSpan(0, count));
            await connection.SendAsync(buffer.AsMemory(0, count));
        }
    }

    private static void Upper(Connection connection)
    {
        var buffer = new byte[1024];
        while (connection.Stream.Read(buffer) is > 0 and int count)
        {
            ToUpper(buffer.AsSpan(0, count));
            connection.Stream.Write(buffer.AsSpan(0, count));
        }
    }

    private static void ToUpper(Span<byte> bytes)
    {
        foreach (ref byte b in bytes)
            b = b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b;
    }
}
