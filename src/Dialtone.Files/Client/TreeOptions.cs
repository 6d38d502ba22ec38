namespace Dialtone.Files;

/// <summary>How a tree is moved.</summary>
public sealed record TreeOptions
{
    /// <summary>The defaults: what differs in size or time travels, verified; nothing is removed.</summary>
    public static TreeOptions Default { get; } = new();

    /// <summary>How files are verified. Default <see cref="TransferDigest.Crc32C"/>.</summary>
    public TransferDigest Verify { get; init; } = TransferDigest.Crc32C;

    /// <summary>Moves only files that differ in size or modification time, or are missing. Default true.</summary>
    public bool OnlyDifferent { get; init; } = true;

    /// <summary>With <see cref="OnlyDifferent"/>: compares content by its CRC-32C where sizes are equal, whatever the times say. Default false.</summary>
    public bool Checksum { get; init; }

    /// <summary>Removes what the target has and the source does not. Default false.</summary>
    public bool Delete { get; init; }

    /// <summary>Moves and removes nothing; the report says what would be. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether folders above a file are made where they are missing.</summary>
    internal bool MakeParents { get; init; } = true;

    /// <summary>Whether modification times and permission bits go along. Default true. Without them a later run cannot tell by time what differs.</summary>
    public bool KeepAttributes { get; init; } = true;
}
