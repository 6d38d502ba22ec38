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

    /// <summary>Whether somebody else bound it, and made it listen.</summary>
    public bool IsInherited { get; init; }

    /// <summary>Removes what the socket left behind, such as its path, and closes it.</summary>
    public void Dispose()
    {
        // In this order: while the socket is open, its path's inode number cannot become another file's.
        Interlocked.Exchange(ref _cleanup, null)?.Invoke();
        socket.Dispose();
    }
}
