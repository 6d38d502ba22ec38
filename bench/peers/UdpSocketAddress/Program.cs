// A UDP echo server: one blocking loop on the SocketAddress overloads, which allocate nothing per datagram.
using System.Net;
using System.Net.Sockets;

using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
Console.WriteLine($"listening udp://{socket.LocalEndPoint}");

var buffer = new byte[65536];
var sender = new SocketAddress(AddressFamily.InterNetwork);
while (true)
{
    int count = socket.ReceiveFrom(buffer, SocketFlags.None, sender);
    socket.SendTo(buffer.AsSpan(0, count), SocketFlags.None, sender);
}
