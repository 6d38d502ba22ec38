using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests;

/// <summary>Servers that echo, and plain sockets that call them.</summary>
internal static class Servers
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task EchoAsync(Connection connection)
    {
        var buffer = new byte[4096];
        while (await connection.ReceiveAsync(buffer) is > 0 and int count)
            await connection.SendAsync(buffer.AsMemory(0, count));
    }

    public static async Task<Server> StartEchoAsync(EngineKind engine, params Address[] listen) =>
        await StartAsync(new ServerOptions { Listen = listen, Engine = engine });

    public static async Task<Server> StartAsync(ServerOptions options, ConnectionHandler? handler = null)
    {
        Server server = new Server(options with { Loops = 1 }).Handle(handler ?? EchoAsync);
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public static async Task<Socket> ConnectAsync(EndPoint endPoint, SocketType type = SocketType.Stream)
    {
        var socket = new Socket(endPoint.AddressFamily, type, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endPoint).WaitAsync(Patience);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static EndPoint EndPointOf(Address address) => address.Path is { } path
        ? new UnixDomainSocketEndPoint(path.StartsWith('@') ? "\0" + path[1..] : path)
        : new IPEndPoint(IPAddress.Parse(address.Host is "*" or "0.0.0.0" ? "127.0.0.1" : address.Host!), address.Port);

    /// <summary>Says something to an echo server and returns what comes back.</summary>
    public static async Task<string> AskAsync(EndPoint endPoint, string question = "hello", SocketType type = SocketType.Stream)
    {
        using Socket socket = await ConnectAsync(endPoint, type);
        await socket.SendAsync(Encoding.UTF8.GetBytes(question));
        var buffer = new byte[256];
        int count = await socket.ReceiveAsync(buffer).WaitAsync(Patience);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static Task<int> ReceiveAsync(this Socket socket, byte[] buffer) => socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None).AsTask();
}
