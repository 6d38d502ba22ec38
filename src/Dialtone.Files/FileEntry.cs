namespace Dialtone.Files;

/// <summary>What stands at a path.</summary>
public enum FileKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link. It is listed and can be removed or renamed; it is never followed.</summary>
    Link,

    /// <summary>A device, pipe or socket. It is listed and nothing else.</summary>
    Other,
}

/// <summary>A file or folder as listings show it.</summary>
/// <param name="Name">Its name in its folder; empty for a root.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Bytes of content; 0 for all but files.</param>
/// <param name="Modified">When its content changed last, to the nanosecond's hundred the store keeps.</param>
/// <param name="Mode">Permission bits; set-user-id, set-group-id and sticky bits are left out.</param>
public sealed record FileEntry(string Name, FileKind Kind, long Size, DateTimeOffset Modified, UnixFileMode Mode);

/// <summary>A part of a listing.</summary>
/// <param name="Entries">In the order of their names' UTF-8 bytes.</param>
/// <param name="HasMore">Whether more follow: ask again, after the last name.</param>
public sealed record FilePage(IReadOnlyList<FileEntry> Entries, bool HasMore);

/// <summary>How much a tree holds.</summary>
/// <param name="Bytes">The sum of its files' sizes.</param>
/// <param name="Files">Regular files in it.</param>
public readonly record struct StoreUsage(long Bytes, long Files);
