namespace Dialtone;

/// <summary>Why a connection ended. The table of endings in ARCHITECTURE.md says what each side sees.</summary>
public enum CloseReason
{
    /// <summary>Still open.</summary>
    None,

    /// <summary>The handler finished; buffered output was sent.</summary>
    HandlerFinished,

    /// <summary>The peer sent everything and closed; the handler finished after it.</summary>
    PeerClosed,

    /// <summary>The peer reset the connection, or the network lost it.</summary>
    PeerReset,

    /// <summary>This side called <see cref="Connection.Abort()"/>.</summary>
    Aborted,

    /// <summary>The handler, a middleware or a hook threw.</summary>
    HandlerError,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolError,

    /// <summary>The server stopped and the handler had not finished by the deadline.</summary>
    Drained,

    /// <summary>The server was disposed.</summary>
    Disposed,

    /// <summary>Nothing arrived or left for <see cref="ServerLimits.Idle"/>.</summary>
    Idle,

    /// <summary>The first byte did not come within <see cref="ServerLimits.FirstByte"/>.</summary>
    FirstByteTimeout,

    /// <summary>TLS or authentication was not done within <see cref="ServerLimits.Handshake"/>.</summary>
    HandshakeTimeout,

    /// <summary>TLS failed.</summary>
    HandshakeFailed,

    /// <summary>Authentication failed.</summary>
    AuthenticationFailed,

    /// <summary>A read waited longer than <see cref="Connection.ReadTimeout"/>.</summary>
    ReadTimeout,

    /// <summary>A write waited longer than <see cref="Connection.WriteTimeout"/> without progress.</summary>
    WriteTimeout,

    /// <summary>The peer sent or took less than <see cref="ServerLimits.MinimumRate"/>.</summary>
    TooSlow,

    /// <summary>The server's memory budget was used up.</summary>
    MemoryLimit,

    /// <summary>The server already holds <see cref="ServerLimits.MaxConnections"/>.</summary>
    MaxConnections,

    /// <summary>The peer's address already holds <see cref="ServerLimits.MaxPerAddress"/>.</summary>
    MaxPerAddress,

    /// <summary>The peer's address serves a penalty for earlier failures.</summary>
    Penalty,

    /// <summary>The concurrency policy's queue was full.</summary>
    QueueFull,

    /// <summary>The server's <see cref="ServerOptions.Verify"/> hook said no.</summary>
    Refused,

    /// <summary>The worker process that served the connection ended before the connection did.</summary>
    WorkerLost,

    /// <summary>The datagram session made room for another: the server held <see cref="ServerLimits.MaxSessions"/>, and this one was the least recently heard from.</summary>
    MaxSessions,
}
