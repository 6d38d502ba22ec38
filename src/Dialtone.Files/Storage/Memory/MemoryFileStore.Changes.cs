namespace Dialtone.Files;

/// <content>What changes the tree.</content>
public sealed partial class MemoryFileStore
{
    /// <inheritdoc/>
    public ValueTask<PublishedFile> PublishAsync(IStagedFile staged, VirtualPath target, PublishOptions options, CancellationToken cancellationToken = default)
    {
        Check(target, cancellationToken);
        ArgumentNullException.ThrowIfNull(options);
        if (staged is not MemoryStagedFile content || content.Tree != _tree)
            throw new ArgumentException("It was staged in another store.", nameof(staged));
        lock (_tree.Gate)
        {
            ObjectDisposedException.ThrowIf(content.IsSpent || !content.IsHeld, staged);
            try
            {
                return new ValueTask<PublishedFile>(Publish(content, target, options));
            }
            catch (Exception) when (!content.IsKept)
            {
                content.Drop();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask MakeFolderAsync(VirtualPath folder, bool parents, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        lock (_tree.Gate)
        {
            if (parents)
            {
                FindFolder(folder, create: true);
                return default;
            }

            if (folder.IsRoot)
                throw Refusals.Exists;
            MemoryNode parent = FindFolder(folder.Parent, create: false);
            if (parent.Entries!.ContainsKey(folder.Name))
                throw Refusals.Exists;
            Put(parent, folder.Name, MemoryNode.Folder(_tree.Now));
            return default;
        }
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(VirtualPath path, bool recursive, Action<FileEntry>? removed, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        if (path.IsRoot)
            throw Refusals.RootStays;
        lock (_tree.Gate)
        {
            MemoryNode parent = FindFolder(path.Parent, create: false);
            MemoryNode node = parent.Entries!.GetValueOrDefault(path.Name) ?? throw Refusals.NotFound;
            if (node.Entries is { Count: > 0 } && !recursive)
                throw Refusals.NotEmpty;
            Empty(node, removed, cancellationToken);
            Take(parent, path.Name, node, removed);
            return default;
        }
    }

    /// <inheritdoc/>
    public ValueTask<FileEntry?> RenameAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken = default)
    {
        Check(from, cancellationToken);
        ArgumentNullException.ThrowIfNull(to);
        if (from.IsRoot || to.IsRoot)
            throw Refusals.RootStays;
        lock (_tree.Gate)
        {
            MemoryNode source = FindFolder(from.Parent, create: false);
            MemoryNode node = source.Entries!.GetValueOrDefault(from.Name) ?? throw Refusals.NotFound;
            if (from.Equals(to))
                return default;
            if (to.IsWithin(from) && node.Entries is not null)
                throw Refusals.IntoItself;
            MemoryNode target = FindFolder(to.Parent, create: false);
            FileEntry? replaced = target.Entries!.GetValueOrDefault(to.Name)?.Describe(to.Name);
            if (replaced is not null && (!overwrite || node.Entries is not null))
                throw replaced.Kind == FileKind.Folder && overwrite ? Refusals.IsFolder : Refusals.Exists;
            if (replaced is { Kind: FileKind.Folder })
                throw Refusals.IsFolder;
            target.Entries!.GetValueOrDefault(to.Name)?.Content?.GiveRoomBack();
            source.Entries!.Remove(from.Name);
            source.Modified = _tree.Now;
            Put(target, to.Name, node);
            return new ValueTask<FileEntry?>(replaced);
        }
    }

    /// <inheritdoc/>
    public ValueTask SetAttributesAsync(VirtualPath path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        lock (_tree.Gate)
        {
            MemoryNode node = Find(path);
            node.Modified = modified?.ToUniversalTime() ?? node.Modified;
            node.Mode = mode & Refusals.Permissions ?? node.Mode;
            return default;
        }
    }

    private PublishedFile Publish(MemoryStagedFile staged, VirtualPath target, PublishOptions options)
    {
        if (target.IsRoot)
            throw Refusals.IsFolder;
        MemoryNode folder = FindFolder(target.Parent, options.MakeParents);
        if (options.Mode == PublishMode.NextFreeName)
            target = FreeName(folder, target);
        MemoryNode? standing = folder.Entries!.GetValueOrDefault(target.Name);
        if (standing is not null && options.Mode == PublishMode.CreateNew)
            throw Refusals.Exists;
        FileEntry? replaced = standing?.Describe(target.Name);
        if (replaced is not null && Refusals.InTheWay(replaced.Kind) is { } refusal)
            throw refusal;
        options.Charge?.Invoke(replaced);
        var node = new MemoryNode
        {
            Content = staged.Content,
            Modified = (options.Modified ?? staged.Written).ToUniversalTime(),
            Mode = options.Permissions & Refusals.Permissions ?? (UnixFileMode)0b110_100_100,
        };
        standing?.Content?.GiveRoomBack();
        Put(folder, target.Name, node);
        staged.IsSpent = true;
        _tree.Staged.Remove(staged.Id);
        return new PublishedFile(target, node.Describe(target.Name), replaced);
    }

    private static VirtualPath FreeName(MemoryNode folder, VirtualPath target)
    {
        if (!folder.Entries!.ContainsKey(target.Name))
            return target;
        for (int number = 0; number < PublishOptions.MaxNumberedNames; number++)
        {
            VirtualPath numbered = target.Numbered(number);
            if (!folder.Entries.ContainsKey(numbered.Name))
                return numbered;
        }

        throw Refusals.NoFreeName;
    }

    private void Empty(MemoryNode node, Action<FileEntry>? removed, CancellationToken cancellationToken)
    {
        foreach ((string name, MemoryNode child) in node.Entries?.ToArray() ?? [])
        {
            cancellationToken.ThrowIfCancellationRequested();
            Empty(child, removed, cancellationToken);
            Take(node, name, child, removed);
        }
    }

    private void Take(MemoryNode parent, string name, MemoryNode node, Action<FileEntry>? removed)
    {
        parent.Entries!.Remove(name);
        parent.Modified = _tree.Now;
        node.IsGone = true;
        node.Content?.GiveRoomBack();
        if (node.Content is not null)
            removed?.Invoke(node.Describe(name));
    }
}
