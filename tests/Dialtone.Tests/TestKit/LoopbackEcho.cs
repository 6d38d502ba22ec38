using System.Net;
using System.Net.Sockets;

namespace Dialtone.Tests.TestKit;

/// <summary>An echo server on a bare socket that notes how each conversation ended, so that the kit is tested without the library.</summary>
internal sealed class LoopbackEcho : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly TaskCompletionSource<(byte[] Received, PeerEnding Ending)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LoopbackEcho()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public Address Address => Address.Tcp("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);

    /// <summary>What the first caller sent, and how it left.</summary>
    public Task<(byte[] Received, PeerEnding Ending)> First => _first.Task.WaitAsync(TimeSpan.FromSeconds(10));

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return default;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = EchoAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        using var received = new MemoryStream();
        PeerEnding ending = PeerEnding.Finished;
        try
        {
            var buffer = new byte[16 * 1024];
            int count;
            while ((count = await socket.ReceiveAsync(buffer)) > 0)
            {
                received.Write(buffer, 0, count);
                await socket.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (SocketException)
        {
            ending = PeerEnding.Reset;
        }

        socket.Dispose();
        _first.TrySetResult((received.ToArray(), ending));
    }
}
