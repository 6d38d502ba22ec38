using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A folder that content of one group goes to, held open until the group is settled.</summary>
internal sealed class Place(SafeFileHandle root, byte[] path, SafeFileHandle folder, FileId id)
{
    internal SafeFileHandle Folder => folder;

    internal FileId Id => id;

    internal bool IsTouched { get; set; }

    /// <summary>What came of making it durable: 0, or minus the error.</summary>
    internal int Outcome { get; set; }

    internal bool Is(SafeFileHandle otherRoot, ReadOnlySpan<byte> otherPath) => ReferenceEquals(root, otherRoot) && otherPath.SequenceEqual(path);
}
