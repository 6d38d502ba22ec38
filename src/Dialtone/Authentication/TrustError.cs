namespace Dialtone;

/// <summary>Why a <see cref="TrustException"/> was thrown.</summary>
public enum TrustError
{
    /// <summary>A file of keys, certificates or known hosts could not be read or written.</summary>
    FileUnusable,

    /// <summary>A secret file may be read by others than its owner, or a trusted file may be written by them.</summary>
    FileTooOpen,

    /// <summary>A file was read and does not hold what it should.</summary>
    FileMalformed,

    /// <summary>A key is missing, empty or too short for its purpose.</summary>
    KeyUnusable,

    /// <summary>The server's key is not the one remembered, or its certificate did not verify.</summary>
    ServerNotTrusted,

    /// <summary>The peer closed or said no where the proof of a key or password was expected.</summary>
    Refused,

    /// <summary>The server let us in without proving that it knows the key or verifier itself.</summary>
    ServerNotProven,

    /// <summary>The peer did not speak the handshake that was agreed on.</summary>
    HandshakeMalformed,

    /// <summary>The handshake did not end in its time.</summary>
    TimedOut,
}
