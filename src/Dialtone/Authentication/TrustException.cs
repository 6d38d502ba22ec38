namespace Dialtone;

/// <summary>Something about keys, certificates or a login failed; <see cref="Reason"/> is what to branch on.</summary>
/// <remarks>The message never holds a key, a password or any part of one.</remarks>
public sealed class TrustException : Exception
{
    /// <summary>Makes the exception.</summary>
    public TrustException(TrustError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>Why.</summary>
    public TrustError Reason { get; }
}
