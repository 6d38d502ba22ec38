namespace Dialtone.Files;

/// <summary>What is to be put.</summary>
public sealed record UploadRequest
{
    /// <summary>Where, from the session's home.</summary>
    public required VirtualPath Path { get; init; }

    /// <summary>How many bytes will come; null if the end decides.</summary>
    public long? Size { get; init; }

    /// <summary>What to do about a file that stands there. Default <see cref="PublishMode.Replace"/>.</summary>
    public PublishMode Mode { get; init; }

    /// <summary>Makes missing folders above it.</summary>
    public bool MakeParents { get; init; }

    /// <summary>The modification time to set; null for now.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The permission bits to set; null for the process's own. Set-id bits are masked.</summary>
    public UnixFileMode? Permissions { get; init; }

    /// <summary>Keeps what has arrived if the upload is interrupted, so that it can be continued.</summary>
    public bool Keep { get; init; }

    /// <summary>Computes the content's SHA-256 as well. CRC-32C is always computed.</summary>
    public bool Sha256 { get; init; }

    /// <summary>Computes the content's MD5 as well, for the tutorials' scripts.</summary>
    public bool Md5 { get; init; }
}
