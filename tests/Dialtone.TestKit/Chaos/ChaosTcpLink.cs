using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>One connection through a <see cref="ChaosTcpProxy"/>: two sockets, and a pump each way.</summary>
internal sealed class ChaosTcpLink
{
    private readonly Socket _client;
    private readonly ChaosTcpOptions _options;
    private readonly int _number;
    private readonly CancellationTokenSource _ending;
    private Socket? _server;
    private volatile bool _isReset;
    private volatile bool _isFinished;

    public ChaosTcpLink(Socket client, ChaosTcpOptions options, int number, CancellationToken stopping)
    {
        _client = client;
        _options = options;
        _number = number;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Whether what still comes is to be dropped, since both ends were told that it is over.</summary>
    public bool IsFinished => _isFinished;

    /// <summary>Carries the connection from its beginning to its end. Never throws.</summary>
    public async Task RunAsync(EndPoint target)
    {
        try
        {
            _client.NoDelay = true;
            _server = SocketAddresses.Create(target, SocketType.Stream);
            if (target is IPEndPoint)
                _server.NoDelay = true;
            await _server.ConnectAsync(target, _ending.Token);
            var toServer = new ChaosTcpPump(this, _client, _server, _options.ToServer, _options.Time, ChaosRandom.For(_options.Seed, _number, 0));
            var toClient = new ChaosTcpPump(this, _server, _client, _options.ToClient, _options.Time, ChaosRandom.For(_options.Seed, _number, 1));
            await Task.WhenAll(toServer.RunAsync(_ending.Token), toClient.RunAsync(_ending.Token));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A server that refuses, or one end that reset: the other end sees the same.
            _isReset = true;
        }

        Close(_client);
        if (_server is not null)
            Close(_server);
        _ending.Dispose();
    }

    /// <summary>Ends both sides with a reset.</summary>
    public void Reset()
    {
        _isReset = true;
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    /// <summary>Tells both ends in order that it is over; what they still send is taken and dropped.</summary>
    public void Finish()
    {
        _isFinished = true;
        Shutdown(_client);
        Shutdown(_server!);
    }

    public static void Shutdown(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It was faster.
        }
    }

    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (SocketException)
        {
            // It never connected.
        }

        socket.Dispose();
    }

    private void Close(Socket socket)
    {
        if (_isReset)
            Reset(socket);
        else
            socket.Dispose();
    }
}
