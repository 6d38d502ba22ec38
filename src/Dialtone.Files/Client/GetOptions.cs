namespace Dialtone.Files;

/// <summary>How a file is fetched.</summary>
public sealed record GetOptions
{
    /// <summary>The defaults.</summary>
    public static GetOptions Default { get; } = new();

    /// <summary>How it is verified. Default <see cref="TransferDigest.Crc32C"/>.</summary>
    public TransferDigest Verify { get; init; } = TransferDigest.Crc32C;

    /// <summary>The first byte wanted, for fetches into a stream. Default 0.</summary>
    public long Offset { get; init; }

    /// <summary>How many bytes are wanted, for fetches into a stream; null for the rest. Default null.</summary>
    public long? Length { get; init; }

    /// <summary>For fetches into a local file: continue what an interrupted fetch left, after verifying it; and leave it when this one is interrupted. Default false.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether a local file gets the remote one's modification time and permission bits. Default true.</summary>
    public bool KeepAttributes { get; init; } = true;
}
