using System.Globalization;
using System.Text;

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

    /// <summary>Calls the port that a peer has printed.</summary>
    public static async Task<Connection> DialAsync(this PythonPeer server, DialOptions? options = null)
    {
        int port = int.Parse((await server.ReadLineAsync())!, CultureInfo.InvariantCulture);
        return await Dialer.ConnectAsync(Address.Tcp("127.0.0.1", port), options);
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
