namespace Dialtone;

/// <summary>Why a SCRAM conversation failed.</summary>
public enum ScramError
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The name or the password is wrong. A server does not say which, and takes the same steps for both.</summary>
    InvalidProof,

    /// <summary>A message was not UTF-8, not in the grammar, too long, or held an attribute that must be understood and is not.</summary>
    Malformed,

    /// <summary>A message came after the end, or before its turn.</summary>
    OutOfTurn,

    /// <summary>The nonce is not the one of this conversation.</summary>
    WrongNonce,

    /// <summary>The two ends do not see the same TLS channel, or one of them was told that the other cannot bind to it.</summary>
    ChannelBinding,

    /// <summary>The server asks for fewer iterations than the client's floor or more than its ceiling.</summary>
    Iterations,

    /// <summary>The server's signature is wrong or missing: it does not know the verifier.</summary>
    ServerNotProven,

    /// <summary>The server said no.</summary>
    Refused,
}
