using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Engines;

/// <summary>Names of Linux sockets.</summary>
internal static unsafe class UnixSockets
{
    /// <summary>The longest <c>sockaddr_un</c>: a family and 108 bytes of path.</summary>
    public const int MaxNameBytes = 110;

    /// <summary>Writes a <c>sockaddr_un</c> for a path, or with a leading <c>@</c> for a name of the abstract namespace: its length.</summary>
    public static int WriteName(string path, Span<byte> raw)
    {
        bool isAbstract = path.StartsWith('@');
        raw.Clear();
        raw[0] = Linux.AF_UNIX;
        int length = 2 + Encoding.UTF8.GetBytes(path, raw[2..^1]);
        if (isAbstract)
            raw[2] = 0;
        return isAbstract ? length : length + 1;
    }

    /// <summary>The name of a socket's own end or of its peer's; null where it has none.</summary>
    public static EndPoint? GetName(int descriptor, bool peer)
    {
        byte* raw = stackalloc byte[128];
        int length = 128;
        int result = peer ? Linux.getpeername(descriptor, raw, &length) : Linux.getsockname(descriptor, raw, &length);
        return result == 0 ? Parse(new ReadOnlySpan<byte>(raw, length)) : null;
    }

    /// <summary>Reads a <c>sockaddr</c>: IP, a Unix path, an abstract name (shown with <c>@</c>), or null for an unnamed socket.</summary>
    public static EndPoint? Parse(ReadOnlySpan<byte> raw)
    {
        if (raw.Length < 2)
            return null;
        if (raw[0] != Linux.AF_UNIX)
            return PeerKey.FromSockAddr(raw).ToEndPoint();
        ReadOnlySpan<byte> path = raw[2..];
        if (path.Length == 0)
            return null;
        if (path[0] == 0)
            return path.Length == 1 ? null : new UnixDomainSocketEndPoint("\0" + Encoding.UTF8.GetString(path[1..]));
        int end = path.IndexOf((byte)0);
        return new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(end < 0 ? path : path[..end]));
    }
}
