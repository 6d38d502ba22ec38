namespace Dialtone.Files;

/// <summary>What came of moving one file.</summary>
/// <param name="Path">Its path on the server; after a put under <see cref="PublishMode.NextFreeName"/> the one it was given.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Moved">Bytes that travelled: fewer than <paramref name="Size"/> where a transfer was resumed.</param>
public sealed record TransferReport(string Path, long Size, long Moved)
{
    /// <summary>Its CRC-32C, where it was computed.</summary>
    public uint? Crc32C { get; init; }

    /// <summary>Its SHA-256 in lower-case hex, where it was asked for.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When its content changed last.</summary>
    public DateTimeOffset? Modified { get; init; }
}
