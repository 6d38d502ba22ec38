namespace Dialtone;

/// <summary>What <see cref="KnownHosts"/> knows of a server's key.</summary>
public enum KnownHostStatus
{
    /// <summary>Nothing is remembered of this server.</summary>
    Unknown,

    /// <summary>It is the key that is remembered.</summary>
    Known,

    /// <summary>Another key is remembered.</summary>
    Changed,
}
