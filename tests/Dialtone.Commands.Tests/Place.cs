using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>A server of remote commands for one test.</summary>
internal sealed class Place : IAsyncDisposable
{
    private readonly Recording _recording = new();

    private CommandFlows? _flows;
    private CommandService _service = null!;

    private Place(Server server) => Server = server;

    public Server Server { get; private set; }

    public Address Address => Server.Addresses[0];

    public Address Datagrams => Server.Addresses.First(address => address.IsDatagram);

    /// <summary>What was recorded.</summary>
    public string Log => _recording.Text;

    public static async Task<Place> StartAsync(string listen = "tcp://127.0.0.1:0", CommandPolicy? policy = null, Action<Server>? configure = null, TutorialFraming? tutorial = null, Encoding? encoding = null, CommandServiceOptions? options = null)
    {
        var place = new Place(new Server(new ServerOptions { Listen = [listen] }));
        CommandService service = place._service = new CommandService((options ?? new CommandServiceOptions()) with
        {
            Policy = policy ?? CommandPolicy.AnyCommandWhichIsDangerous,
            Audit = new CommandAudit(place._recording),
        });
        if (tutorial is { } framing)
            place.Server.HandleTutorialCommands(service, framing, encoding).HandleCommandDatagrams(service, encoding);
        else
            place.Server.HandleCommands(service);
        configure?.Invoke(place.Server);
        await place.Server.StartAsync();
        return place;
    }

    /// <summary>A server that takes callers' datagrams beside their connections.</summary>
    public static async Task<Place> StartWithFlowsAsync(FlowServerOptions? flows = null, string listen = "tcp://127.0.0.1:0", CommandServiceOptions? options = null)
    {
        var place = new Place(new Server(new ServerOptions { Listen = [listen, "udp://127.0.0.1:0"] })) { _flows = new CommandFlows(flows) };
        place._service = new CommandService((options ?? new CommandServiceOptions()) with { Policy = CommandPolicy.AnyCommandWhichIsDangerous, Audit = new CommandAudit(place._recording) });
        place.Server.HandleCommands(place._service, place._flows);
        await place.Server.StartAsync();
        return place;
    }

    public Task<CommandClient> ConnectAsync() => CommandClient.ConnectAsync(Address);

    public async Task UntilLogAsync(string part)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (!Log.Contains(part, StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Shell.Patience, $"Never recorded: {part}. Recorded: {Log}");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        if (_flows is not null)
            await _flows.DisposeAsync();
        await _service.DisposeAsync();
    }

    private sealed class Recording : MemoryStream
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate)
                    return Encoding.UTF8.GetString(ToArray());
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_gate)
                base.Write(buffer, offset, count);
        }
    }
}
