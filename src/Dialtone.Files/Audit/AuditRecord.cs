namespace Dialtone.Files;

/// <summary>One line of the audit log. Texts are bounded and escaped when they are written, whatever they hold.</summary>
public readonly record struct AuditRecord
{
    /// <summary>What happened.</summary>
    public required AuditEvent Event { get; init; }

    /// <summary>How it ended: null for well, otherwise why not.</summary>
    public FileError? Error { get; init; }

    /// <summary>Who: the account, or the name that was tried; null for strangers.</summary>
    public string? User { get; init; }

    /// <summary>The caller's address as text; null where it has none.</summary>
    public string? From { get; init; }

    /// <summary>What the caller speaks.</summary>
    public string? Tongue { get; init; }

    /// <summary>What it was about, from the share's root.</summary>
    public VirtualPath? Path { get; init; }

    /// <summary>The other path of a rename or copy, from the share's root.</summary>
    public VirtualPath? To { get; init; }

    /// <summary>Bytes that passed.</summary>
    public long? Bytes { get; init; }

    /// <summary>The content's CRC-32C, where all of it passed.</summary>
    public uint? Crc32C { get; init; }

    /// <summary>The content's SHA-256, where it was computed.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>A few words more: how a log-in was proved, that an upload was kept.</summary>
    public string? Note { get; init; }
}
