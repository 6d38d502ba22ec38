namespace Dialtone;

/// <summary>What came of a call: a connection, or why there is none.</summary>
/// <param name="Connection">The connection; null when the call failed.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public readonly record struct DialResult(Connection? Connection, Exception? Error)
{
    /// <summary>Whether there is a connection.</summary>
    public bool IsConnected => Connection is not null;

    /// <summary>Why there is none, to branch on; null when there is one.</summary>
    public TransportError? Reason => Error switch
    {
        null => null,
        TransportException transport => transport.Reason,
        _ => TransportError.HandshakeFailed,
    };

    /// <summary>The operating system's error number as Python's <c>connect_ex</c> returns it; 0 for success and for errors that have none.</summary>
    public int ErrorCode => (Error as TransportException)?.SystemError ?? 0;
}
