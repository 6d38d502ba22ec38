namespace Dialtone;

/// <summary>How sockets are set up before they listen, and what accepted connections inherit.</summary>
public sealed record ListenOptions
{
    /// <summary>Callers that wait in the kernel to be accepted. Default 4,096; the kernel's own bound (net.core.somaxconn) holds as well. At least 1.</summary>
    public int Backlog { get; init => field = Require.Positive(value); } = 4096;

    /// <summary>Whether a port may be bound while old connections of it linger in TIME_WAIT (SO_REUSEADDR, set raw: .NET's own option sets SO_REUSEPORT as well). Default true. Not used on Windows, where it means something else.</summary>
    public bool ReuseAddress { get; init; } = true;

    /// <summary>Whether several servers may share the port on purpose (SO_REUSEPORT). Default false.</summary>
    public bool ReusePort { get; init; }

    /// <summary>Whether small segments leave at once (TCP_NODELAY). Default true: the library already sends what belongs together in one call.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>After how much silence the kernel asks whether a TCP peer still lives, and how often thereafter; null turns it off. Default two minutes; four unanswered questions end the connection. In whole seconds, 1 to 32,767 (tcp(7)).</summary>
    public TimeSpan? KeepAlive { get; init => field = Require.KeepAlive(value); } = TimeSpan.FromMinutes(2);

    /// <summary>The kernel's receive buffer in bytes (SO_RCVBUF); null leaves it to the system, which then tunes it. Default null.</summary>
    public int? ReceiveBufferBytes { get; init => field = Require.Positive(value); }

    /// <summary>The kernel's send buffer in bytes (SO_SNDBUF); null leaves it to the system, which then tunes it. Default null.</summary>
    public int? SendBufferBytes { get; init => field = Require.Positive(value); }
}
