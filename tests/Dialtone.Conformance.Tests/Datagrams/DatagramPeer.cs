using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Datagrams;

/// <summary>A client as plain as they come: a socket connected to the server's address, with time limits on everything.</summary>
internal sealed class DatagramPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly string? _path;

    public DatagramPeer(Address server, bool isNamed = true)
    {
        if (server.Scheme == AddressScheme.Udp)
        {
            IPAddress host = server.Host == "*" ? IPAddress.Loopback : IPAddress.Parse(server.Host!);
            _socket = new Socket(host.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            _socket.Connect(new IPEndPoint(host, server.Port));
            return;
        }

        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        if (isNamed)
        {
            _path = Path.Combine(Path.GetTempPath(), $"peer-{Guid.NewGuid():N}.sock");
            _socket.Bind(new UnixDomainSocketEndPoint(_path));
        }

        _socket.Connect(new UnixDomainSocketEndPoint(server.Path!));
    }

    public EndPoint? LocalEndPoint => _socket.LocalEndPoint;

    public void Send(ReadOnlySpan<byte> payload) => _socket.Send(payload);

    public void Send(string payload) => Send(Encoding.UTF8.GetBytes(payload));

    public async Task<byte[]> ReceiveAsync(TimeSpan? patience = null)
    {
        var buffer = new byte[65536];
        using var limit = new CancellationTokenSource(patience ?? Patience);
        int count = await _socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
        return buffer[..count];
    }

    public async Task<string> ReceiveTextAsync() => Encoding.UTF8.GetString(await ReceiveAsync());

    public async Task<string> AskAsync(string question)
    {
        Send(question);
        return await ReceiveTextAsync();
    }

    public bool HasAnswer => _socket.Available > 0 || _socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);

    public void Dispose()
    {
        _socket.Dispose();
        if (_path is not null)
            File.Delete(_path);
    }
}
