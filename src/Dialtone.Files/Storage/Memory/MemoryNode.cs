namespace Dialtone.Files;

/// <summary>A file or folder of a <see cref="MemoryFileStore"/>; all of it is touched under the tree's gate, but for the content.</summary>
internal sealed class MemoryNode
{
    internal SortedDictionary<string, MemoryNode>? Entries { get; init; } // null for files

    internal MemoryContent? Content { get; init; }

    internal DateTimeOffset Modified { get; set; }

    internal UnixFileMode Mode { get; set; }

    /// <summary>No longer part of the tree: a store whose root it is finds nothing.</summary>
    internal bool IsGone { get; set; }

    internal static MemoryNode Folder(DateTimeOffset now) => new()
    {
        Entries = new SortedDictionary<string, MemoryNode>(NameOrder.Instance),
        Modified = now,
        Mode = (UnixFileMode)0b111_101_101,
    };

    internal FileEntry Describe(string name) => Content is { } content
        ? new FileEntry(name, FileKind.File, content.Length, Modified, Mode)
        : new FileEntry(name, FileKind.Folder, 0, Modified, Mode);
}
