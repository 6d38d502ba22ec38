using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dialtone.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Interop.Tests;

/// <summary>Python peers at the door: those that call us, and those that print a port and wait to be called.</summary>
internal static class DoorPeers
{
    public static PythonPeer Start(string script, params string[] arguments)
    {
        try
        {
            return PythonPeer.Start(Path.Combine(AppContext.BaseDirectory, "peers", script), arguments);
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    /// <summary>Runs a script to its end: what it printed, without the last newline.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        await using PythonPeer peer = Start(script, arguments);
        return await peer.FinishAsync();
    }

    /// <summary>What a peer that ended well printed last.</summary>
    public static async Task<string> FinishAsync(this PythonPeer peer)
    {
        PythonResult result = await peer.WaitForExitAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return result.Output.TrimEnd('\n');
    }

    public static async Task<Connection> DialAsync(this PythonPeer server, ServerLimits? limits = null)
    {
        int port = int.Parse((await server.ReadLineAsync())!, CultureInfo.InvariantCulture);
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
