using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <content>What changes the tree. A success is told after the folders concerned are durable.</content>
public sealed partial class LocalFileStore
{
    /// <inheritdoc/>
    public ValueTask<PublishedFile> PublishAsync(IStagedFile staged, VirtualPath target, PublishOptions options, CancellationToken cancellationToken = default)
    {
        Check(target, cancellationToken);
        ArgumentNullException.ThrowIfNull(options);
        if (staged is not LocalStagedFile file || file.Share != _share)
            throw new ArgumentException("It was staged in another store.", nameof(staged));
        return new ValueTask<PublishedFile>(_share.Committer.Publish(file, _root, target, options, cancellationToken));
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public ValueTask MakeFolderAsync(VirtualPath folder, bool parents, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        if (parents)
        {
            MakeFolders(folder).Dispose();
            return default;
        }

        if (folder.IsRoot)
            throw Refusals.Exists;
        using SafeFileHandle parent = _share.Jail.OpenParent(_root, folder, OpenFlags.Folder);
        Errno.Check(_share.Calls.MakeFolder(parent, NativeName.Of(folder.Name, stackalloc byte[NativeName.MaxNameBytes]), 0b111_111_111));
        _share.Confirm(parent);
        return default;
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public ValueTask RemoveAsync(VirtualPath path, bool recursive, Action<FileEntry>? removed, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        if (path.IsRoot)
            throw Refusals.RootStays;
        using SafeFileHandle parent = _share.Jail.OpenParent(_root, path, OpenFlags.Folder);
        Errno.Check(_share.Calls.Stat(parent, NativeName.Itself, out FileStatus status));
        ReadOnlySpan<byte> name = NativeName.Of(path.Name, stackalloc byte[NativeName.MaxNameBytes]);
        int result = _share.Trees.RemoveLeaf(parent, status.Id, name, removed);
        if (result == -Errno.IsDirectory)
        {
            result = 0;
            if (recursive)
                _share.Trees.Remove(parent, name, removed, cancellationToken);
            else
                result = _share.Calls.Remove(parent, name, FileCalls.RemoveFolder);
        }

        Errno.Check(result == -Errno.Exists ? -Errno.NotEmpty : result); // POSIX lets a system answer either
        _share.Confirm(parent);
        return default;
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public ValueTask<FileEntry?> RenameAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken = default)
    {
        Check(from, cancellationToken);
        ArgumentNullException.ThrowIfNull(to);
        if (from.IsRoot || to.IsRoot)
            throw Refusals.RootStays;
        FileCalls calls = _share.Calls;
        using SafeFileHandle source = _share.Jail.OpenParent(_root, from, OpenFlags.Folder);
        ReadOnlySpan<byte> name = NativeName.Of(from.Name, stackalloc byte[NativeName.MaxNameBytes]);
        Errno.Check(calls.Stat(source, name, out FileStatus moved));
        if (from.Equals(to))
            return default;
        if (moved.Kind == FileKind.Folder && to.IsWithin(from))
            throw Refusals.IntoItself;

        // Each side is confined on its own, and both folders are held while the names change.
        using SafeFileHandle target = _share.Jail.OpenParent(_root, to, OpenFlags.Folder);
        ReadOnlySpan<byte> newName = NativeName.Of(to.Name, stackalloc byte[NativeName.MaxNameBytes]);
        Errno.Check(calls.Stat(source, NativeName.Itself, out FileStatus sourceStatus));
        Errno.Check(calls.Stat(target, NativeName.Itself, out FileStatus targetStatus));
        FileEntry? replaced;
        using (_share.Names.EnterBoth(sourceStatus.Id, name, targetStatus.Id, newName))
            replaced = Rename(source, name, target, newName, overwrite);
        if (sourceStatus.Id == targetStatus.Id)
            _share.Confirm(target);
        else
            _share.Confirm(target, source); // the new name first: between the two, a file with both is better than one with none
        return new ValueTask<FileEntry?>(replaced is null ? null : replaced with { Name = to.Name });
    }

    /// <inheritdoc/>
    public ValueTask SetAttributesAsync(VirtualPath path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        using SafeFileHandle file = OpenToSet(path);
        if (mode is { } bits)
            Errno.Check(_share.Calls.SetMode(file, bits & Refusals.Permissions));
        if (modified is { } time)
            Errno.Check(_share.Calls.SetModified(file, FileTime.From(time)));
        return default;
    }

    // Both names are locked.
    private FileEntry? Rename(SafeFileHandle source, ReadOnlySpan<byte> name, SafeFileHandle target, ReadOnlySpan<byte> newName, bool overwrite)
    {
        FileCalls calls = _share.Calls;
        Errno.Check(calls.Stat(source, name, out FileStatus moved));
        int found = calls.Stat(target, newName, out FileStatus standing);
        if (found is < 0 and not -Errno.NoEntry)
            throw Errno.Refusal(found);
        if (found == 0 && !overwrite)
            throw Refusals.Exists;
        if (found == 0 && Refusals.InTheWay(standing.Kind) is { } refusal)
            throw refusal;
        if (found == 0 && moved.Kind == FileKind.Folder)
            throw Refusals.Exists;
        if (found == 0 && standing.Id == moved.Id)
        {
            // Two names of one file: the system's rename would leave both.
            Errno.Check(calls.Remove(source, name, 0));
            return standing.Describe("");
        }

        int result = calls.Rename(source, name, target, newName, overwrite ? 0 : FileCalls.NoReplace);
        if (result == -Errno.Invalid && !overwrite)
            result = calls.Rename(source, name, target, newName, 0); // a file system without "do not replace"; nothing stood there, and nobody of ours can put it there now
        if (result == -Errno.CrossDevice)
            throw new FileException(FileError.Unsupported, "The two places are on different file systems.");
        if (result == -Errno.Invalid)
            throw Refusals.IntoItself;
        Errno.Check(result);
        return found == 0 ? standing.Describe("") : null;
    }

    private SafeFileHandle MakeFolders(VirtualPath folder)
    {
        var touched = new List<SafeFileHandle>();
        SafeFileHandle? made = null;
        try
        {
            made = _share.Trees.MakeFolders(_root, folder, touched);
            _share.Confirm(CollectionsMarshal.AsSpan(touched));
            return made;
        }
        catch
        {
            made?.Dispose();
            throw;
        }
        finally
        {
            foreach (SafeFileHandle parent in touched)
                parent.Dispose();
        }
    }

    // Who may not read a file may still be its owner: permission to write opens it as well.
    [SkipLocalsInit]
    private SafeFileHandle OpenToSet(VirtualPath path)
    {
        ReadOnlySpan<byte> name = NativeName.Of(path, stackalloc byte[NativeName.MaxPathBytes]);
        int result = _share.Jail.Open(_root, name, OpenFlags.Reading, out SafeFileHandle file);
        if (result == -Errno.Access)
            result = _share.Jail.Open(_root, name, OpenFlags.Reading | OpenFlags.Write, out file);
        if (result < 0)
            throw result == -Errno.Loop && IsLink(path) ? Refusals.NotRegular : Errno.Refusal(result);
        result = _share.Calls.Stat(file, NativeName.Itself, out FileStatus status);
        if (result == 0 && status.Kind is FileKind.File or FileKind.Folder)
            return file;
        file.Dispose();
        throw result < 0 ? Errno.Refusal(result) : Refusals.NotRegular;
    }
}
