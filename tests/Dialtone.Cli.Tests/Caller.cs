using System.Net.Sockets;
using System.Text;

namespace Dialtone.Cli.Tests;

/// <summary>A plain socket that speaks to the tool, in Latin-1 so that each character is a byte; UTF-8 text passes through as its bytes.</summary>
internal sealed class Caller : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];

    private Caller(Socket socket) => _socket = socket;

    public static async Task<Caller> ConnectAsync(Address address)
    {
        Socket socket = address.Path is { } path
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (address.Path is not null)
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.Path)).WaitAsync(Patience);
        else
            await socket.ConnectAsync(address.Host!, address.Port).WaitAsync(Patience);
        return new Caller(socket);
    }

    public async Task SayAsync(string text) => await _socket.SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>What comes within one receive; empty when the other side has closed or reset.</summary>
    public async Task<string> HearAsync()
    {
        try
        {
            int count = await _socket.ReceiveAsync(_buffer).WaitAsync(Patience);
            return Encoding.Latin1.GetString(_buffer, 0, count);
        }
        catch (SocketException)
        {
            return "";
        }
    }

    public async Task<string> AskAsync(string text)
    {
        await SayAsync(text);
        return await HearAsync();
    }

    public void Dispose() => _socket.Dispose();
}
