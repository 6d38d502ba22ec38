// An echo server with a thread per connection and blocking calls: the bare loop.
using System.Net;
using System.Net.Sockets;

const int BufferBytes = 16 * 1024;

using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen(4096);
Console.WriteLine($"listening tcp://{listener.LocalEndPoint}");
while (true)
{
    var accepted = listener.Accept();
    new Thread(() => Echo(accepted)) { IsBackground = true }.Start();
}

static void Echo(Socket socket)
{
    using var owned = socket;
    socket.NoDelay = true;
    var buffer = new byte[BufferBytes];
    try
    {
        while (socket.Receive(buffer) is > 0 and var count)
        {
            for (int sent = 0; sent < count;)
                sent += socket.Send(buffer.AsSpan(sent, count - sent));
        }
    }
    catch (SocketException)
    {
        // The peer left without a goodbye.
    }
}
