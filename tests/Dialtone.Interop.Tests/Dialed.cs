using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dialtone.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Interop.Tests;

/// <summary>Calls to a Python server that prints its port first.</summary>
internal static class Dialed
{
    public static async Task<Connection> DialAsync(this PythonPeer server, ServerLimits? limits = null)
    {
        int port = int.Parse(await server.ReadLineAsync(), CultureInfo.InvariantCulture);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var host = new ConnectionHost(TimeProvider.System, limits ?? new ServerLimits(), BlockPool.Shared, NullLogger.Instance, Instruments.Shared);
        return new Connection(host, new SocketTransport(socket, blocking: false), Address.Parse(string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{port}")));
    }

    /// <summary>Says hello and reads an answer of the same length.</summary>
    public static async Task<string> HelloAsync(this Connection connection)
    {
        await connection.SendAsync("hello"u8.ToArray());
        var reply = new byte[5];
        await connection.Stream.ReadExactlyAsync(reply);
        return Encoding.ASCII.GetString(reply);
    }
}
