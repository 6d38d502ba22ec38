namespace Dialtone;

/// <summary>What broke a connection.</summary>
public enum TransportError
{
    /// <summary>The peer reset the connection, vanished, or no longer reads.</summary>
    PeerReset,

    /// <summary>This side ended the connection; <see cref="TransportException.CloseReason"/> says why.</summary>
    Aborted,

    /// <summary>Something was sent after this side had finished sending, or the connection is closed.</summary>
    Closed,

    /// <summary>A message is longer than a datagram or packet of this socket may be.</summary>
    MessageTooLarge,

    /// <summary>Nobody listens at the address.</summary>
    Refused,

    /// <summary>The address is in use by another server.</summary>
    AddressInUse,

    /// <summary>The address cannot be used: it does not exist here, may not be used, or is not of this kind.</summary>
    AddressNotAvailable,

    /// <summary>The attempt took longer than its time limit.</summary>
    TimedOut,

    /// <summary>The name of the host is not known.</summary>
    HostNotFound,

    /// <summary>TLS could not be agreed on.</summary>
    HandshakeFailed,

    /// <summary>The process or the machine has no descriptor or memory left.</summary>
    OutOfResources,

    /// <summary>Another error of the operating system; the message holds it.</summary>
    Other,
}

/// <summary>A connection broke, or could not be made; <see cref="Reason"/> says how.</summary>
public sealed class TransportException : IOException
{
    /// <summary>Makes the exception.</summary>
    public TransportException(TransportError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    internal TransportException(TransportError reason, string message, int error)
        : base(message)
    {
        Reason = reason;
        SystemError = error;
    }

    internal static TransportException Closed() => new(TransportError.Closed, "The connection is closed.");

    /// <summary>What broke.</summary>
    public TransportError Reason { get; }

    /// <summary>Why this side ended the connection, where it did.</summary>
    public CloseReason CloseReason { get; internal init; }

    /// <summary>The operating system's error number, 0 where there was none. On Linux an <c>errno</c>.</summary>
    public int SystemError { get; }
}
