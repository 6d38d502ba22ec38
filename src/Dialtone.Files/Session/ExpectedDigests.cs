namespace Dialtone.Files;

/// <summary>What the sender says its content is. What is given must hold, or nothing is published.</summary>
public sealed record ExpectedDigests
{
    /// <summary>The CRC-32C; null if not given.</summary>
    public uint? Crc32C { get; init; }

    /// <summary>The SHA-256, 32 bytes; empty if not given. The upload must have asked for it.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; init; }

    /// <summary>The MD5, 16 bytes; empty if not given. The upload must have asked for it.</summary>
    public ReadOnlyMemory<byte> Md5 { get; init; }
}
