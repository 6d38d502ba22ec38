using System.Net;
using System.Net.Sockets;
using System.Text;
using FromPython;

namespace Dialtone.Tests.Docs;

// The snippets of docs/from-python.md do what the page says they do.
public sealed class FromPythonTests
{
    [Fact]
    public async Task Addresses_are_addresses_and_names_are_looked_up()
    {
        Assert.Equal(
            [AddressScheme.Tcp, AddressScheme.Tcp, AddressScheme.Unix, AddressScheme.Udp, AddressScheme.UnixDatagram, AddressScheme.UnixSequenced],
            Addresses.Families().Select(address => address.Scheme));
        Assert.Contains(IPAddress.Loopback, await Addresses.GetAddrInfo());
        Assert.NotEmpty(Addresses.GetHostName());
    }

    [Fact]
    public void Bytes_are_packed_as_Python_packs_them()
    {
        Assert.Equal("0100000002000300000000000000", Convert.ToHexStringLower(Bytes.Pack()));
        Assert.Equal((1u, (ushort)2, 3UL), Bytes.Unpack(Bytes.Pack()));
        var buffer = new byte[8];
        Bytes.PackInto(buffer);
        Assert.Equal([0, 0, 0, 0, 2, 3, 0, 0], buffer);
        Assert.Equal(515, Bytes.UnpackFrom(buffer));
        Assert.Equal(12, Bytes.Size());
    }

    [Fact]
    public async Task Digests_and_children_are_as_Pythons()
    {
        byte[] digest = Bytes.Hmac("key"u8.ToArray(), "msg"u8.ToArray());
        Assert.Equal("2d93cbc1be167bcb1637a4a23cbff01a7878f0c50ee833954ea5221bb1b8c628", Convert.ToHexStringLower(digest));
        Assert.True(Bytes.Compare(digest, [.. digest]));
        Assert.Equal(32, Bytes.Random().Length);

        using System.Diagnostics.Process child = Bytes.Popen("exit 7")!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await child.WaitForExitAsync(limit.Token);
        Assert.Equal(7, child.ExitCode);
    }

    [Fact]
    public async Task A_server_is_bound_serves_with_a_handler_class_and_is_shut_down()
    {
        Server server = Servers.FinishRequest(Servers.WithHandlerClass(Servers.Bind()));
        await Servers.Activate(server);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(Servers.Name(server));

        await peer.SendAsync("one\ntwo\n"u8.ToArray());
        peer.FinishSending();

        Assert.Equal("ready\nONE\nTWO\nbye\n", Encoding.UTF8.GetString(await peer.ReceiveToEndAsync()));
        await Servers.Shutdown(server);
        await Servers.Close(server);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Every_policy_answers(ServerOptions options)
    {
        await using Server server = Servers.Accept(options);
        await Servers.Activate(server);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(Servers.Name(server));

        Assert.Equal("hello"u8.ToArray(), await peer.ReceiveToEndAsync());
    }

    public static TheoryData<ServerOptions> Policies =>
        [Servers.Bind(), Servers.ThreadingTcp("tcp://127.0.0.1:0"), Servers.Pool("tcp://127.0.0.1:0")];

    [Fact]
    public async Task A_blocking_handler_echoes()
    {
        await using Server server = Servers.Blocking(Servers.Pool("tcp://127.0.0.1:0"));
        await Servers.Activate(server);
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(Servers.Name(server));

        await peer.SendAsync("echo"u8.ToArray());

        Assert.Equal("echo"u8.ToArray(), await peer.ReceiveAsync(4));
    }

    [Fact]
    public async Task A_client_connects_as_Pythons_does()
    {
        await using Server server = Servers.Accept(Servers.Bind());
        await Servers.Activate(server);
        Address address = Servers.Name(server);

        await using Connection connection = await Clients.Connect(address);
        await using Connection second = await Clients.CreateConnection(address, new IPEndPoint(IPAddress.Loopback, 0));
        var buffer = new byte[5];
        await Connections.WaitAll(second, buffer);
        Assert.Equal("hello"u8.ToArray(), buffer);
        Assert.Equal(0, await Clients.ConnectEx(address));

        await Connections.Close(connection);
        await Servers.Close(server);
        Assert.Equal(111, await Clients.ConnectEx(address)); // ECONNREFUSED on Linux
    }

    [Fact]
    public async Task A_pair_is_two_ends_of_one_connection()
    {
        var cleanUp = new List<IAsyncDisposable>();
        (Connection one, Connection other) = await Clients.SocketPair(cleanUp);

        await one.WriteLineAsync("hello");

        Assert.Equal("hello", await other.ReadLineAsync());
        await cleanUp.Single().DisposeAsync();
    }

    [Fact]
    public async Task Datagrams_are_answered_to_their_sender()
    {
        await using Server server = Datagrams.Serve(new ServerOptions { Listen = ["udp://127.0.0.1:0"] });
        await Servers.Activate(server);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));

        foreach (string text in (string[])["hello", ""])
        {
            byte[] answer = await Datagrams.Ask(Servers.Name(server), Encoding.UTF8.GetBytes(text), timeout.Token);
            Assert.Equal(text.ToUpperInvariant(), Encoding.UTF8.GetString(answer));
        }
    }

    [Fact]
    public async Task One_request_is_handled_and_then_no_more()
    {
        Server server = Servers.Accept(Servers.Bind());
        Task<bool> served = Servers.HandleRequest(server);
        using (UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(Servers.Name(server)))
            Assert.Equal("hello"u8.ToArray(), await peer.ReceiveToEndAsync());

        Assert.True(await served.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Serving_ends_when_it_is_told_to()
    {
        using var stopping = new CancellationTokenSource();
        Task<DrainReport> serving = Servers.ServeForever(Servers.Accept(Servers.Bind()), stopping.Token);
        await stopping.CancelAsync();

        Assert.True((await serving.WaitAsync(TimeSpan.FromSeconds(10))).IsClean);
    }

    [Fact]
    public async Task Hooks_refuse_callers_and_hear_of_errors()
    {
        var errors = new List<Exception>();
        bool isWelcome = true;
        await using Server server = new Server(Servers.Hooks("tcp://127.0.0.1:0", errors, _ => isWelcome))
            .Handle(call => throw new InvalidDataException("broken"));
        await server.StartAsync();

        using (UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]))
            await peer.WaitForEndAsync();
        Assert.IsType<InvalidDataException>(Assert.Single(errors));
        isWelcome = false;
        using (UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]))
            await peer.WaitForEndAsync();
        Assert.Single(errors);
    }

    [Fact]
    public async Task A_connection_does_what_a_socket_does()
    {
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "0123456789");
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Server server = new Server(Servers.Bind()).Handle(async call =>
        {
            try
            {
                await ConverseAsync(call, path);
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        await server.StartAsync();
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]);
        await peer.SendAsync("abcdef\n"u8.ToArray());

        Assert.Equal("answer234headerbody", Encoding.UTF8.GetString(await peer.ReceiveToEndAsync()));
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10));
        File.Delete(path);
    }

    private static async Task ConverseAsync(Connection call, string path)
    {
        Assert.Equal((byte)'a', await Connections.Peek(call));
        var buffer = new byte[2];
        Assert.Equal(2, await Connections.Recv(call, buffer));
        Assert.Equal("ab"u8.ToArray(), buffer);
        await Connections.WaitAll(call, buffer);
        Assert.Equal("cd"u8.ToArray(), buffer);
        Assert.Equal("ef", await Connections.MakeFile(call).ReadLineAsync());
        Assert.False(Connections.DoNotWait(call));

        (EndPoint? remote, EndPoint? local) = Connections.Names(call);
        Assert.Equal(call.Address.Port, ((IPEndPoint)local!).Port);
        Assert.NotEqual(local, remote);
        Assert.True(BitConverter.ToInt32(Connections.Options(call, BitConverter.GetBytes(64 * 1024))) >= 64 * 1024);
        Assert.Equal(TimeSpan.FromSeconds(5), Connections.Timeouts(call));
        Assert.True(Connections.FileNo(call) > 2);

        await Connections.SendAll(call, "answer"u8.ToArray());
        Assert.Equal(3, await Servers.SendFile(call, path));
        await Connections.More(call, "header"u8.ToArray(), "body"u8.ToArray());
        await Connections.Shutdown(call);
    }
}
