namespace Dialtone.Files;

/// <summary>How both ends make sure that what arrived is what was sent.</summary>
public enum TransferDigest
{
    /// <summary>Not at all beyond what TCP or TLS does. Plain downloads then go by sendfile.</summary>
    None,

    /// <summary>CRC-32C, computed at both ends while bytes pass: finds every accident.</summary>
    Crc32C,

    /// <summary>SHA-256: for those who keep it.</summary>
    Sha256,
}
