namespace Dialtone;

/// <summary>What an address did to be kept out for a while.</summary>
public enum Penalty
{
    /// <summary>A wrong key, password or proof.</summary>
    AuthenticationFailed,

    /// <summary>The handshake or login was not finished in its time.</summary>
    GraceExceeded,

    /// <summary>Connected and left without trying to log in.</summary>
    NoAuthentication,

    /// <summary>What it sent made a handler throw.</summary>
    Crashed,
}
