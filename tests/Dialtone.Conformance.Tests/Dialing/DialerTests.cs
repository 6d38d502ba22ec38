using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests;

public sealed class DialerTests
{
    public static TheoryData<EngineKind> AllEngines => Engines.All;

    public static TheoryData<EngineKind, bool> EnginesAndBlocking => new(
        from engine in Engines.All.Select(row => row.Data)
        from blocking in (bool[])[false, true]
        select (engine, blocking));

    [Theory, MemberData(nameof(EnginesAndBlocking))]
    public async Task Every_stream_address_can_be_called(EngineKind engine, bool blocking)
    {
        using var folder = new SocketFolder();
        await using Server server = await Servers.StartEchoAsync(
            EngineKind.Auto, "tcp://127.0.0.1:0", "tcp://*:0", "tcp://localhost:0", $"unix://{folder["s"]}", $"unix://@dialtone-{Guid.NewGuid():N}",
            $"unixseq://{folder["q"]}");
        foreach (Address address in server.Addresses)
        {
            await using Connection call = await Dialer.ConnectAsync(address, new DialOptions { Engine = engine, Blocking = blocking });
            Assert.Equal(blocking, call.IsBlocking);
            Assert.Equal("hello", await AskAsync(call));
        }
    }

    [Fact]
    public async Task Memory_addresses_can_be_called()
    {
        Address address = Address.Memory(Guid.NewGuid().ToString());
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, address);
        await using Connection call = await Dialer.ConnectAsync(address);
        Assert.Equal("hello", await AskAsync(call));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_connected_descriptor_can_be_taken_over(EngineKind engine)
    {
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, "tcp://127.0.0.1:0");
        Socket socket = await Servers.ConnectAsync(Servers.EndPointOf(server.Addresses[0]));
        int descriptor = InheritedSocketTests.Dup(socket);
        socket.Dispose();
        await using Connection call = await Dialer.ConnectAsync($"fd:{descriptor}", new DialOptions { Engine = engine });
        Assert.Equal("hello", await AskAsync(call));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Nobody_there_is_refused_with_the_systems_error_number(EngineKind engine)
    {
        Address address = FreePort();
        var options = new DialOptions { Engine = engine };
        var error = await Assert.ThrowsAsync<TransportException>(() => Dialer.ConnectAsync(address, options));
        Assert.Equal(TransportError.Refused, error.Reason);
        Assert.Contains(address.ToString(), error.Message, StringComparison.Ordinal);

        DialResult result = await Dialer.TryConnectAsync(address, options);
        Assert.False(result.IsConnected);
        Assert.Equal(TransportError.Refused, result.Reason);
        if (OperatingSystem.IsLinux())
            Assert.Equal(111, result.ErrorCode); // ECONNREFUSED, as connect_ex gives it
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_missing_path_is_refused(EngineKind engine)
    {
        using var folder = new SocketFolder();
        DialResult result = await Dialer.TryConnectAsync($"unix://{folder["none"]}", new DialOptions { Engine = engine });
        Assert.Equal(TransportError.Refused, result.Reason);
    }

    [Fact]
    public async Task An_unknown_host_is_named()
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => Dialer.ConnectAsync("tcp://no-such-host.invalid:9"));
        Assert.Equal(TransportError.HostNotFound, error.Reason);
        Assert.Contains("no-such-host.invalid", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Silence_ends_at_the_time_limit(EngineKind engine)
    {
        using var full = new FullBacklog();
        long started = Stopwatch.GetTimestamp();
        DialResult result = await Dialer.TryConnectAsync(full.Address, new DialOptions { Engine = engine, Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(TransportError.TimedOut, result.Reason);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(250), Servers.Patience);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Cancelling_gives_up(EngineKind engine)
    {
        using var full = new FullBacklog();
        using var cancel = new CancellationTokenSource();
        Task<Connection> call = Dialer.ConnectAsync(full.Address, new DialOptions { Engine = engine }, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Servers.Patience));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task The_second_address_is_tried_when_the_first_refuses(EngineKind engine)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This system has no IPv6.");
        // localhost is called at 127.0.0.1 first; only ::1 answers.
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, "tcp://[::1]:0");
        await using Connection call = await Dialer.ConnectAsync(Address.Tcp("localhost", server.Addresses[0].Port), new DialOptions { Engine = engine });
        Assert.Equal("hello", await AskAsync(call));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task The_second_address_is_tried_beside_a_silent_first(EngineKind engine)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This system has no IPv6.");
        using var full = new FullBacklog();
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"tcp://[::1]:{full.Address.Port}");
        await using Connection call = await Dialer.ConnectAsync(
            Address.Tcp("localhost", full.Address.Port), new DialOptions { Engine = engine, AttemptDelay = TimeSpan.FromMilliseconds(50) });
        Assert.Equal("hello", await AskAsync(call));
        Assert.Equal(IPAddress.IPv6Loopback, Assert.IsType<IPEndPoint>(call.RemoteEndPoint).Address);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task The_source_address_is_used(EngineKind engine)
    {
        var seen = new TaskCompletionSource<EndPoint?>();
        await using Server server = await Servers.StartAsync(
            new ServerOptions { Listen = ["tcp://127.0.0.1:0"] },
            connection =>
            {
                seen.TrySetResult(connection.RemoteEndPoint);
                return Task.CompletedTask;
            });
        var source = new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0);
        await using Connection call = await Dialer.ConnectAsync(server.Addresses[0], new DialOptions { Engine = engine, SourceAddress = source });
        Assert.Equal(source.Address, Assert.IsType<IPEndPoint>(await seen.Task.WaitAsync(Servers.Patience)).Address);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Calling_again_finds_a_server_that_came_late(EngineKind engine)
    {
        Address address = FreePort();
        var retry = new DialRetry { Attempts = 200, FirstDelay = TimeSpan.FromMilliseconds(20), MaxDelay = TimeSpan.FromMilliseconds(20) };
        Task<Connection> calling = Dialer.ConnectAsync(address, new DialOptions { Engine = engine, Retry = retry });
        await using Server server = await Servers.StartEchoAsync(EngineKind.Auto, address);
        await using Connection call = await calling.WaitAsync(Servers.Patience);
        Assert.Equal("hello", await AskAsync(call));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Closing_does_not_wait_long_for_a_server_that_keeps_talking(EngineKind engine)
    {
        var stop = new CancellationTokenSource();
        await using Server server = await Servers.StartAsync(
            new ServerOptions { Listen = ["tcp://127.0.0.1:0"] },
            async connection =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await connection.SendAsync("and another thing"u8.ToArray());
                    await Task.Delay(10);
                }
            });
        Connection call = await Dialer.ConnectAsync(server.Addresses[0], new DialOptions { Engine = engine });
        await call.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        await stop.CancelAsync();
    }

    [Fact]
    public async Task Datagram_addresses_take_no_calls() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => Dialer.ConnectAsync("udp://127.0.0.1:9"));

    internal static async Task<string> AskAsync(Connection call, string question = "hello")
    {
        await call.SendAsync(Encoding.UTF8.GetBytes(question));
        var buffer = new byte[256];
        int count = await call.ReceiveAsync(buffer).AsTask().WaitAsync(Servers.Patience);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static Address FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return Address.Tcp("127.0.0.1", ((IPEndPoint)probe.LocalEndPoint!).Port);
    }

    /// <summary>A listener that never accepts, with so many waiting that the system drops further callers' first segments.</summary>
    private sealed class FullBacklog : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _waiting = [];

        public FullBacklog()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1);
            for (int i = 0; i < 8; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _waiting.Add(socket);
                try
                {
                    socket.Connect(_listener.LocalEndPoint!);
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    // Under way, or waiting for room that does not come.
                }
            }
        }

        public Address Address => Address.Tcp("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);

        public void Dispose()
        {
            foreach (Socket socket in _waiting)
                socket.Dispose();
            _listener.Dispose();
        }
    }
}
