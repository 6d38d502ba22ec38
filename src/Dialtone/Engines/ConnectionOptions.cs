using System.Net.Sockets;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>The options that every new connection gets, whichever side made it.</summary>
internal static class ConnectionOptions
{
    private const int TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, SO_KEEPALIVE = 9, SO_SNDBUF = 7, SO_RCVBUF = 8;

    /// <summary>Unanswered keep-alive questions that end a connection.</summary>
    private const int KeepAliveProbes = 4;

    public static void Apply(int descriptor, bool isTcp, ListenOptions options)
    {
        if (options.SendBufferBytes is { } send)
            SetOption(descriptor, SOL_SOCKET, SO_SNDBUF, send);
        if (options.ReceiveBufferBytes is { } receive)
            SetOption(descriptor, SOL_SOCKET, SO_RCVBUF, receive);
        if (!isTcp)
            return;
        if (options.NoDelay)
            SetOption(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
        if (options.KeepAlive is { } every)
        {
            int seconds = Math.Max(1, (int)every.TotalSeconds);
            SetOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
            SetOption(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
            SetOption(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
            SetOption(descriptor, IPPROTO_TCP, TCP_KEEPCNT, KeepAliveProbes);
        }
    }

    public static void Apply(Socket socket, ListenOptions options)
    {
        if (options.SendBufferBytes is { } send)
            socket.SendBufferSize = send;
        if (options.ReceiveBufferBytes is { } receive)
            socket.ReceiveBufferSize = receive;
        if (socket.AddressFamily == AddressFamily.Unix)
            return;
        socket.NoDelay = options.NoDelay;
        if (options.KeepAlive is { } every)
        {
            int seconds = Math.Max(1, (int)every.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        }
    }
}
