namespace Dialtone.Files;

/// <summary>A digest to compute.</summary>
public enum FileDigest
{
    /// <summary>CRC-32C (Castagnoli): against accidents.</summary>
    Crc32C,

    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>MD5, for the tutorials' scripts: against accidents only.</summary>
    Md5,
}

/// <summary>The digest of a file or a part of it.</summary>
/// <param name="Digest">Which.</param>
/// <param name="Value">Its bytes, the most significant first.</param>
/// <param name="Length">How many bytes of the file it covers.</param>
/// <param name="Entry">The file.</param>
public sealed record FileSum(FileDigest Digest, ReadOnlyMemory<byte> Value, long Length, FileEntry Entry)
{
    /// <summary>The digest in lower-case hex.</summary>
    public override string ToString() => Convert.ToHexStringLower(Value.Span);
}
