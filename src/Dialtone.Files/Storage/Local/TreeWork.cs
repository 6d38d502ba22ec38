using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Work on whole trees. It descends by open folders only, so that nobody can swap a link in on the way.</summary>
internal sealed class TreeWork(LocalShare share)
{
    /// <summary>How deep it goes: four times as deep as a path may be, since others may have made the tree. Every level holds a descriptor.</summary>
    internal const int MaxDepth = 256;

    private const int MaxPasses = 16; // over a folder into which others put things while it is emptied

    private static FileException TooDeep => new(FileError.Limit, $"The tree is deeper than {MaxDepth} folders.");

    /// <summary>Opens a folder, making what is missing of its path.</summary>
    /// <param name="root">Where the path begins.</param>
    /// <param name="path">The folder.</param>
    /// <param name="touched">Gets a handle of every folder something was made in: to be made durable, then disposed.</param>
    [SkipLocalsInit]
    internal SafeFileHandle MakeFolders(SafeFileHandle root, VirtualPath path, List<SafeFileHandle> touched)
    {
        Span<byte> buffer = stackalloc byte[NativeName.MaxNameBytes];
        Errno.Check(share.Jail.OpenChild(root, NativeName.This, OpenFlags.Folder, out SafeFileHandle folder));
        foreach (string text in path.Names)
        {
            ReadOnlySpan<byte> name = NativeName.Of(text, buffer);
            SafeFileHandle parent = folder;
            bool isMade = false;
            try
            {
                int made = share.Calls.MakeFolder(parent, name, 0b111_111_111);
                isMade = made == 0;
                if (made != -Errno.Exists)
                    Errno.Check(made);
                Errno.Check(share.Jail.OpenChild(parent, name, OpenFlags.Folder, out folder));
            }
            finally
            {
                if (isMade)
                    touched.Add(parent);
                else
                    parent.Dispose();
            }
        }

        return folder;
    }

    /// <summary>Removes a folder's tree, the folder included.</summary>
    internal void Remove(SafeFileHandle parent, ReadOnlySpan<byte> name, Action<FileEntry>? removed, CancellationToken cancellationToken) =>
        RemoveFolder(parent, name, device: null, removed, depth: 0, cancellationToken);

    /// <summary>Removes what is no folder: 0, or minus the error (<see cref="Errno.IsDirectory"/> if it is one).</summary>
    internal int RemoveLeaf(SafeFileHandle folder, in FileId folderId, ReadOnlySpan<byte> name, Action<FileEntry>? removed)
    {
        using (share.Names.Enter(folderId, name))
        {
            int result = share.Calls.Stat(folder, name, out FileStatus status);
            if (result < 0)
                return result;
            if (status.Kind == FileKind.Folder)
                return -Errno.IsDirectory;
            result = share.Calls.Remove(folder, name, 0);
            if (result == 0 && status.Kind == FileKind.File)
                removed?.Invoke(status.Describe(name[..^1]));
            return result;
        }
    }

    internal StoreUsage Measure(SafeFileHandle folder, bool isTop, CancellationToken cancellationToken)
    {
        var usage = new StoreUsage();
        Measure(folder, isTop, ref usage, depth: 0, cancellationToken);
        return usage;
    }

    // Files are told of one by one, so that the books are right however far it gets.
    private void RemoveFolder(
        SafeFileHandle parent, ReadOnlySpan<byte> name, FileId? device, Action<FileEntry>? removed, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
            throw TooDeep;
        Errno.Check(share.Jail.OpenChild(parent, name, OpenFlags.Folder, out SafeFileHandle folder));
        using (folder)
        {
            Errno.Check(share.Calls.Stat(folder, NativeName.Itself, out FileStatus status));
            if (device is { } expected && !status.Id.IsOnDeviceOf(expected))
                throw new FileException(FileError.Denied, "Another disk is mounted inside the folder.");
            for (int pass = 0; ; pass++)
            {
                Empty(folder, status.Id, removed, depth, cancellationToken);
                // Only if the name still is the folder that was emptied.
                Errno.Check(share.Calls.Stat(parent, name, out FileStatus now));
                if (now.Id != status.Id)
                    throw Refusals.NotEmpty;
                int result = share.Calls.Remove(parent, name, FileCalls.RemoveFolder);
                if (result == 0)
                    return;
                if (result is not (-Errno.NotEmpty or -Errno.Exists) || pass == MaxPasses)
                    throw Errno.Refusal(result == -Errno.Exists ? -Errno.NotEmpty : result);
            }
        }
    }

    private void Empty(SafeFileHandle folder, FileId id, Action<FileEntry>? removed, int depth, CancellationToken cancellationToken)
    {
        // A descriptor of its own: every pass reads from the start.
        Errno.Check(share.Jail.OpenChild(folder, NativeName.This, OpenFlags.Folder, out SafeFileHandle reading));
        using (reading)
        {
            using var entries = new FolderEntries(share.Calls, reading);
            while (entries.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                int result = RemoveLeaf(folder, id, entries.Current, removed);
                if (result == -Errno.IsDirectory)
                    RemoveFolder(folder, entries.Current, id, removed, depth + 1, cancellationToken);
                else if (result is < 0 and not -Errno.NoEntry)
                    throw Errno.Refusal(result);
            }
        }
    }

    private void Measure(SafeFileHandle folder, bool isTop, ref StoreUsage usage, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
            throw TooDeep;
        using var entries = new FolderEntries(share.Calls, folder);
        while (entries.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isTop && VirtualPath.IsPrivate(entries.Name))
                continue;
            int result = share.Calls.Stat(folder, entries.Current, out FileStatus status);
            if (result == -Errno.NoEntry)
                continue; // gone meanwhile
            Errno.Check(result);
            if (status.Kind == FileKind.File)
                usage = new StoreUsage(usage.Bytes + status.Size, usage.Files + 1);
            else if (status.Kind == FileKind.Folder)
                MeasureFolder(folder, entries.Current, ref usage, depth + 1, cancellationToken);
        }
    }

    private void MeasureFolder(SafeFileHandle parent, ReadOnlySpan<byte> name, ref StoreUsage usage, int depth, CancellationToken cancellationToken)
    {
        int result = share.Jail.OpenChild(parent, name, OpenFlags.Folder, out SafeFileHandle folder);
        using (folder)
        {
            if (result is -Errno.NoEntry or -Errno.Loop or -Errno.NotDirectory)
                return; // gone, or something else, meanwhile
            Errno.Check(result);
            Measure(folder, isTop: false, ref usage, depth, cancellationToken);
        }
    }
}
