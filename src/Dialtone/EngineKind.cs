namespace Dialtone;

/// <summary>Which engine moves the bytes.</summary>
public enum EngineKind
{
    /// <summary>The fastest that was measured for the policy on this system: Epoll on Linux, Sockets elsewhere.</summary>
    Auto,

    /// <summary>System.Net.Sockets: portable.</summary>
    Sockets,

    /// <summary>Direct system calls and epoll: Linux only.</summary>
    Epoll,
}
