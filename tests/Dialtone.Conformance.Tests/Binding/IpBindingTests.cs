using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

public sealed class IpBindingTests
{
    public static TheoryData<EngineKind> AllEngines => Engines.All;

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Port_zero_is_replaced_by_the_real_port(EngineKind engine)
    {
        await using Server server = await Servers.StartEchoAsync(engine, "tcp://127.0.0.1:0", "tcp://127.0.0.1:0");
        Assert.Equal(2, server.Addresses.Select(address => address.Port).Distinct().Count());
        Assert.DoesNotContain(0, server.Addresses.Select(address => address.Port));
        foreach (Address address in server.Addresses)
            Assert.Equal("hello", await Servers.AskAsync(Servers.EndPointOf(address)));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task IPv6_addresses_are_listened_on(EngineKind engine)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This system has no IPv6.");
        await using Server server = await Servers.StartEchoAsync(engine, "tcp://[::1]:0");
        Assert.Equal("hello", await Servers.AskAsync(new IPEndPoint(IPAddress.IPv6Loopback, server.Addresses[0].Port)));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_star_answers_both_families_on_one_port(EngineKind engine)
    {
        await using Server server = await Servers.StartEchoAsync(engine, "tcp://*:0");
        Assert.Equal($"tcp://*:{server.Addresses[0].Port}", Assert.Single(server.Addresses).ToString());
        Assert.Equal("hello", await Servers.AskAsync(new IPEndPoint(IPAddress.Loopback, server.Addresses[0].Port)));
        if (Socket.OSSupportsIPv6)
            Assert.Equal("hello", await Servers.AskAsync(new IPEndPoint(IPAddress.IPv6Loopback, server.Addresses[0].Port)));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_caller_over_IPv4_is_shown_with_its_IPv4_address_on_a_dual_socket(EngineKind engine)
    {
        var seen = new TaskCompletionSource<EndPoint?>();
        await using Server server = await Servers.StartAsync(
            new ServerOptions { Listen = ["tcp://*:0"], Engine = engine },
            connection =>
            {
                seen.TrySetResult(connection.RemoteEndPoint);
                return Task.CompletedTask;
            });
        using Socket caller = await Servers.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Addresses[0].Port));
        Assert.Equal(caller.LocalEndPoint, await seen.Task.WaitAsync(Servers.Patience));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Localhost_is_every_loopback_address_on_one_port(EngineKind engine)
    {
        await using Server server = await Servers.StartEchoAsync(engine, "tcp://localhost:0");
        Assert.Equal("127.0.0.1", server.Addresses[0].Host);
        Assert.Single(server.Addresses.Select(address => address.Port).Distinct());
        foreach (Address address in server.Addresses)
            Assert.Equal("hello", await Servers.AskAsync(Servers.EndPointOf(address)));
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_second_server_on_a_port_fails_and_says_so(EngineKind engine)
    {
        await using Server first = await Servers.StartEchoAsync(engine, "tcp://127.0.0.1:0");
        Address taken = first.Addresses[0];
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(engine, taken));
        Assert.Equal(TransportError.AddressInUse, error.Reason);
        Assert.StartsWith($"{taken} is in use by another server.", error.Message, StringComparison.Ordinal);
        Assert.Equal("hello", await Servers.AskAsync(Servers.EndPointOf(taken)));
    }

    [Fact]
    public async Task Two_engines_do_not_share_a_port_silently()
    {
        await using Server first = await Servers.StartEchoAsync(EngineKind.Sockets, "tcp://127.0.0.1:0");
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, first.Addresses[0]));
        Assert.Equal(TransportError.AddressInUse, error.Reason);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task Servers_share_a_port_when_all_of_them_ask_for_it(EngineKind engine)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SO_REUSEPORT.");
        var options = new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Engine = engine, Socket = new ListenOptions { ReusePort = true } };
        await using Server first = await Servers.StartAsync(options);
        await using Server second = await Servers.StartAsync(options with { Listen = [first.Addresses[0]] });
        Assert.Equal(first.Addresses[0], second.Addresses[0]);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_port_can_be_bound_again_at_once_after_a_conversation(EngineKind engine)
    {
        Address address;
        await using (Server first = await Servers.StartAsync(
            new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Engine = engine }, static async connection => await connection.SendAsync("bye"u8.ToArray())))
        {
            address = first.Addresses[0];
            // The server closes first, so the port's end of the connection stays in TIME_WAIT.
            using Socket caller = await Servers.ConnectAsync(Servers.EndPointOf(address));
            var buffer = new byte[16];
            while (await caller.ReceiveAsync(buffer) > 0)
            {
            }
        }

        await using Server second = await Servers.StartEchoAsync(engine, address);
        Assert.Equal("hello", await Servers.AskAsync(Servers.EndPointOf(address)));
    }

    [Theory]
    [InlineData("tcp://192.0.2.1:0", TransportError.AddressNotAvailable, "is not an address of this machine")]
    [InlineData("tcp://no-such-host.invalid:0", TransportError.HostNotFound, "no-such-host.invalid is not known")]
    public async Task What_cannot_be_bound_is_explained(string address, TransportError reason, string message)
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, address));
        Assert.Equal(reason, error.Reason);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(AllEngines))]
    public async Task When_one_address_cannot_be_bound_none_is_listened_on(EngineKind engine)
    {
        using var folder = new SocketFolder();
        await using Server holder = await Servers.StartEchoAsync(engine, "tcp://127.0.0.1:0");
        Address path = $"unix://{folder["a"]}";
        await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(engine, path, holder.Addresses[0]));
        Assert.False(File.Exists(folder["a"]));
    }
}
