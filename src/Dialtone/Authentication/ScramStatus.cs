namespace Dialtone;

/// <summary>Where a SCRAM conversation stands after a message.</summary>
public enum ScramStatus
{
    /// <summary>Send the reply and hand in the next message.</summary>
    Continue,

    /// <summary>Proven. A server still sends the reply; a client has nothing left to send.</summary>
    Succeeded,

    /// <summary>Over. A server sends the reply, if there is one, and closes.</summary>
    Failed,
}
