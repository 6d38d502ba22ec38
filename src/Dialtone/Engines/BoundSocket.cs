using System.Net.Sockets;

namespace Dialtone.Engines;

/// <summary>A socket that is bound, and listens if it is of the listening kind. Whoever holds it owns it.</summary>
internal sealed class BoundSocket(Socket socket, Address address, Action? cleanup = null) : IDisposable
{
    private Action? _cleanup = cleanup;

    public Socket Socket => socket;

    public Address Address => address;

    public int Descriptor => (int)socket.Handle;

    public bool IsDatagram => socket.SocketType == SocketType.Dgram;

    public bool KeepsMessages => socket.SocketType == SocketType.Seqpacket;

    /// <summary>Closes the socket, then removes what it left behind, such as a Unix socket's path.</summary>
    public void Dispose()
    {
        socket.Dispose();
        Interlocked.Exchange(ref _cleanup, null)?.Invoke();
    }
}
