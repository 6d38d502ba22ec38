using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>Datagrams that a worker process each handles.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerDatagramTests
{
    [Theory]
    [InlineData("udp", 5)]
    [InlineData("udp", 0)]
    [InlineData("udp", 60_000)]
    [InlineData("unixgram", 5)]
    public async Task A_worker_answers_through_the_servers_own_socket(string scheme, int bytes)
    {
        using var folder = new SocketFolder();
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            Listen = [scheme == "udp" ? "udp://127.0.0.1:0" : $"unixgram://{folder["s"]}"],
        });
        using Socket peer = Open(server.Addresses[0], folder["peer"]);
        byte[] payload = [.. Enumerable.Range(0, bytes).Select(static i => (byte)('a' + (i % 26)))];
        peer.Send(payload);
        var buffer = new byte[65_536];
        Assert.Equal(payload, buffer[..peer.Receive(buffer)]);
    }

    [Fact]
    public async Task Each_datagram_has_a_process_of_its_own_that_knows_its_sender()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Listen = ["udp://127.0.0.1:0"] });
        using Socket peer = Open(server.Addresses[0]);
        string[][] answers = [Ask(peer, "pid").Split(' '), Ask(peer, "pid").Split(' ')];
        Assert.Equal(3, new[] { answers[0][0], answers[1][0], $"{Environment.ProcessId}" }.Distinct().Count());
        Assert.Equal([$"{server.Addresses[0]}", $"{peer.LocalEndPoint}"], answers[0][1..]);
    }

    [Fact] // F24
    public async Task A_datagram_that_crashes_its_worker_harms_no_other_and_charges_nobody()
    {
        using var log = new LogLines();
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            Listen = ["udp://127.0.0.1:0"], LoggerFactory = log, Penalties = new PenaltyOptions(),
        });
        using Socket peer = Open(server.Addresses[0]);
        peer.Send("crash"u8);
        Assert.Equal("hello", Ask(peer, "hello"));
        await WorkerProgram.UntilAsync(() => log.Has("was lost"), "the loss is logged");
        Assert.False(server.Penalties.IsRefused(IPAddress.Loopback));
    }

    [Fact]
    public async Task A_drain_cuts_a_worker_that_hangs_over_a_datagram()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Listen = ["udp://127.0.0.1:0"] });
        using Socket peer = Open(server.Addresses[0]);
        Assert.Equal("hello", Ask(peer, "hello"));
        peer.Send("block"u8);
        Assert.Equal("again", Ask(peer, "again"));
        DrainReport report = await server.StopAsync(TimeSpan.FromMilliseconds(200));
        Assert.Single(report.Stragglers);
        Assert.Empty(WorkerProgram.Workers());
    }

    [Fact]
    public async Task Sessions_are_refused_with_the_reason()
    {
        await using Server server = new Server(new ServerOptions { Listen = ["udp://127.0.0.1:0"], Concurrency = WorkerProgram.Policy("orders") })
            .HandleSessions(static _ => Task.CompletedTask);
        NotSupportedException e = await Assert.ThrowsAsync<NotSupportedException>(server.StartAsync);
        Assert.Contains("sessions", e.Message, StringComparison.Ordinal);
    }

    private static Socket Open(Address address, string? path = null)
    {
        Socket peer = path is not null && address.Scheme == AddressScheme.UnixDatagram
            ? new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.ReceiveTimeout = (int)WorkerProgram.Patience.TotalMilliseconds;
        if (peer.AddressFamily == AddressFamily.Unix)
        {
            peer.Bind(new UnixDomainSocketEndPoint(path!));
            peer.Connect(new UnixDomainSocketEndPoint(address.Path!));
        }
        else
        {
            peer.Connect(new IPEndPoint(IPAddress.Loopback, address.Port));
        }

        return peer;
    }

    private static string Ask(Socket peer, string text)
    {
        peer.Send(Encoding.UTF8.GetBytes(text));
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, peer.Receive(buffer));
    }
}
