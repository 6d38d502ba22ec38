// An echo server on System.Net.Sockets' async calls, one task per connection. With --zero-byte a connection waits on
// an empty receive and takes a buffer only when bytes have come; without it, each connection keeps a buffer.
// DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 runs continuations on the thread that polls.
using System.Buffers;
using System.Net;
using System.Net.Sockets;

const int BufferBytes = 32 * 1024;
Func<Socket, Task> echo = args.Contains("--zero-byte") ? EchoZeroByteAsync : EchoAsync;

using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen(4096);
Console.WriteLine($"listening tcp://{listener.LocalEndPoint}");
while (true)
    _ = ServeAsync(await listener.AcceptAsync());

async Task ServeAsync(Socket accepted)
{
    using var socket = accepted;
    socket.NoDelay = true;
    try
    {
        await echo(socket);
    }
    catch (SocketException)
    {
        // The peer left without a goodbye.
    }
}

static async Task EchoAsync(Socket socket)
{
    var buffer = new byte[BufferBytes];
    while (await socket.ReceiveAsync(buffer) is > 0 and var count)
        await SendAllAsync(socket, buffer.AsMemory(0, count));
}

static async Task EchoZeroByteAsync(Socket socket)
{
    while (true)
    {
        await socket.ReceiveAsync(Memory<byte>.Empty);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int count = await socket.ReceiveAsync(buffer.AsMemory(0, BufferBytes));
            if (count == 0)
                return;
            await SendAllAsync(socket, buffer.AsMemory(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

static async ValueTask SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
{
    while (!bytes.IsEmpty)
        bytes = bytes[await socket.SendAsync(bytes)..];
}
