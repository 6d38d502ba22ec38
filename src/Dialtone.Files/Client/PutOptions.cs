namespace Dialtone.Files;

/// <summary>How a file is sent.</summary>
public sealed record PutOptions
{
    /// <summary>The defaults.</summary>
    public static PutOptions Default { get; } = new();

    /// <summary>How it is verified before it is published. Default <see cref="TransferDigest.Crc32C"/>.</summary>
    public TransferDigest Verify { get; init; } = TransferDigest.Crc32C;

    /// <summary>What to do about a file that stands there. Default <see cref="PublishMode.Replace"/>.</summary>
    public PublishMode Mode { get; init; }

    /// <summary>Makes missing folders above it. Default false.</summary>
    public bool MakeParents { get; init; }

    /// <summary>Continue what an interrupted put left on the server, after verifying it; and leave it there when this one is interrupted. Needs a local file or a stream that can seek. Default false.</summary>
    public bool Resume { get; init; }

    /// <summary>The modification time to set; null for a local file's own, and for now where a stream is sent.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The permission bits to set; null for a local file's own, and for the server's usual ones where a stream is sent.</summary>
    public UnixFileMode? Permissions { get; init; }

    /// <summary>Whether a local file's modification time and permission bits go with it. Default true.</summary>
    public bool KeepAttributes { get; init; } = true;
}
