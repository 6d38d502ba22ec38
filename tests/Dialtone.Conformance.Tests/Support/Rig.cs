using System.Net;

namespace Dialtone.Conformance.Tests;

/// <summary>A server under test with everything it is judged by: its log, its buffers, and where to call it.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private static int Names;

    private readonly string? _folder;

    private Rig(Server server, RecordingLogs logs, CountingBufferPool buffers, string? folder)
    {
        Server = server;
        Logs = logs;
        Buffers = buffers;
        _folder = folder;
    }

    public Server Server { get; }

    public RecordingLogs Logs { get; }

    public CountingBufferPool Buffers { get; }

    public Address Address => Server.Addresses[0];

    /// <summary>Starts a server with an asynchronous handler.</summary>
    public static Task<Rig> StartAsync(EngineKind engine, Place place, string policy, ConnectionHandler handler, Func<ServerOptions, ServerOptions>? with = null) =>
        StartAsync(engine, place, policy, server => server.Handle(handler), with);

    /// <summary>Makes, sets up and starts a server that listens at one place.</summary>
    public static async Task<Rig> StartAsync(EngineKind engine, Place place, string policy, Action<Server> setUp, Func<ServerOptions, ServerOptions>? with = null)
    {
        Rig rig = Create(engine, place, policy, setUp, with);
        await rig.Server.StartAsync();
        return rig;
    }

    public static Rig Create(EngineKind engine, Place place, string policy, Action<Server> setUp, Func<ServerOptions, ServerOptions>? with = null)
    {
        Assert.True(Concurrency.TryParse(policy.Replace(Matrix.Blocking, "", StringComparison.Ordinal), out Concurrency? concurrency), policy);
        string? folder = place is Place.Unix or Place.UnixSequenced ? Directory.CreateTempSubdirectory("dt").FullName : null;
        Address address = place switch
        {
            Place.Tcp4 => "tcp://127.0.0.1:0",
            Place.Tcp6 => "tcp://[::1]:0",
            Place.Unix => $"unix://{folder}/s",
            Place.UnixSequenced => $"unixseq://{folder}/s",
            _ => Address.Memory($"conformance-{Interlocked.Increment(ref Names)}"),
        };
        var logs = new RecordingLogs();
        var buffers = new CountingBufferPool();
        var options = new ServerOptions
        {
            Listen = [address], Concurrency = concurrency, Engine = engine, Loops = 2, LoggerFactory = logs, BufferPool = buffers,
        };
        options = with?.Invoke(options) ?? options;
        // A send of the server may still be under way when a test turns the clock; whoever is about that limit sets one.
        if (options.Time is FakeTimeProvider && options.Limits.Write == new ServerLimits().Write)
            options = options with { Limits = options.Limits with { Write = null } };
        var server = new Server(options);
        setUp(server);
        return new Rig(server, logs, buffers, folder);
    }

    public Task<Caller> CallAsync(IPAddress? from = null, int? receiveBufferBytes = null) => Caller.ConnectAsync(Address, from, receiveBufferBytes);

    /// <summary>Waits for the next connection to end: why, as the log has it.</summary>
    public Task<CloseReason> NextEndingAsync() => Logs.NextEndingAsync();

    /// <summary>Cuts what is left; nothing may be left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync().AsTask().SoonAsync();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
        // On a test's clock the second that handlers have to notice may be over in no time.
        await Eventually.TrueAsync(() => Server.ActiveConnections == 0, "everybody has left");
        await Buffers.AssertCleanAsync();
    }
}
