namespace Dialtone.Engines;

/// <summary>Ending a TCP connection with a reset that leaves at once, while the descriptor stays open.</summary>
internal static unsafe partial class Linux
{
    /// <summary>
    /// Sends a reset and wakes every call that waits. Shutting down first would send an orderly end that overtakes the reset of the close, and
    /// the peer would take what it has for the whole. False where the socket knows no reset (Unix), or is not connected any more.
    /// </summary>
    public static bool Reset(int descriptor)
    {
        ulong lingerOnForZeroSeconds = 1; // struct linger { int l_onoff = 1, l_linger = 0 }: the end is a reset
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingerOnForZeroSeconds, sizeof(ulong));
        byte* unspecified = stackalloc byte[16]; // struct sockaddr { sa_family = AF_UNSPEC }: connect(2) dissolves the association
        new Span<byte>(unspecified, 16).Clear();
        return connect(descriptor, unspecified, 16) == 0;
    }
}
