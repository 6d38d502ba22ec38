namespace Dialtone;

/// <summary>Whether a TLS server asks callers for a certificate.</summary>
public enum ClientCertificateMode
{
    /// <summary>It does not ask.</summary>
    None,

    /// <summary>It asks, and lets in callers without one; one that is shown must be good.</summary>
    Allowed,

    /// <summary>It lets in only callers with a good one.</summary>
    Required,
}
