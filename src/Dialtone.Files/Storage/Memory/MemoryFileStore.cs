using System.Runtime.CompilerServices;

namespace Dialtone.Files;

/// <summary>Files in this process's memory: for tests, and for servers that keep nothing.</summary>
/// <remarks>Behaves as <see cref="LocalFileStore"/> does, without links, devices and crashes. Nothing survives the process.</remarks>
public sealed partial class MemoryFileStore : IFileStore
{
    private readonly MemoryTree _tree;
    private readonly MemoryNode _root;

    /// <summary>An empty store.</summary>
    /// <param name="time">What modification times are taken from; the system's clock if null.</param>
    /// <param name="capacity">How many bytes it holds, in pages of 4 KiB, before the disk is full. Default: no bound but memory.</param>
    public MemoryFileStore(TimeProvider? time = null, long capacity = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _tree = new MemoryTree(time ?? TimeProvider.System, capacity);
        _root = MemoryNode.Folder(_tree.Now);
    }

    private MemoryFileStore(MemoryTree tree, MemoryNode root) => (_tree, _root) = (tree, root);

    /// <inheritdoc/>
    public IFileStore OpenFolder(VirtualPath folder, bool create)
    {
        ArgumentNullException.ThrowIfNull(folder);
        lock (_tree.Gate)
            return new MemoryFileStore(_tree, FindFolder(folder, create));
    }

    /// <inheritdoc/>
    public ValueTask<FileEntry> StatAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        lock (_tree.Gate)
            return new ValueTask<FileEntry>(Find(path).Describe(path.Name));
    }

    /// <inheritdoc/>
    public ValueTask<FilePage> ListAsync(VirtualPath folder, string? after, int limit, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        lock (_tree.Gate)
        {
            List<FileEntry> found = [.. FindFolder(folder, create: false).Entries!
                .Where(entry => after is null || NameOrder.Instance.Compare(entry.Key, after) > 0)
                .Take(limit == int.MaxValue ? limit : limit + 1)
                .Select(entry => entry.Value.Describe(entry.Key))];
            bool hasMore = found.Count > limit;
            if (hasMore)
                found.RemoveAt(limit);
            return new ValueTask<FilePage>(new FilePage(found, hasMore));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IStoredFile> OpenAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        lock (_tree.Gate)
        {
            MemoryNode node = Find(path);
            return node.Content is { } content
                ? new ValueTask<IStoredFile>(new MemoryStoredFile(node.Describe(path.Name), content))
                : throw Refusals.IsFolder;
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoreUsage> MeasureAsync(VirtualPath folder, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        lock (_tree.Gate)
        {
            long bytes = 0, files = 0;
            Visit(FindFolder(folder, create: false), content => (bytes, files) = (bytes + content.Length, files + 1));
            return new ValueTask<StoreUsage>(new StoreUsage(bytes, files));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IStagedFile> StageAsync(long? size, ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Refusals.CheckRecord(record);
        long wanted = size ?? 0;
        ArgumentOutOfRangeException.ThrowIfNegative(wanted, nameof(size));
        _tree.Room.Take(wanted); // only asks whether there is room
        _tree.Room.Give(wanted);
        return new ValueTask<IStagedFile>(_tree.Stage(record));
    }

    /// <inheritdoc/>
    public ValueTask<IStagedFile> ResumeAsync(string id, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_tree.Gate)
        {
            if (!_tree.Staged.TryGetValue(id, out MemoryStagedFile? staged) || staged.IsHeld || !staged.IsKept)
                throw Refusals.NoSuchUpload;
            staged.IsHeld = true;
            return new ValueTask<IStagedFile>(staged);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StagedEntry> ListStagedAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        List<StagedEntry> kept;
        lock (_tree.Gate)
            kept = [.. _tree.Staged.Values.Where(staged => staged.IsKept).Select(staged => new StagedEntry(staged.Id, staged.Record, staged.Length, staged.Written))];
        foreach (StagedEntry entry in kept)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> SweepAsync(TimeSpan age, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_tree.Gate)
        {
            DateTimeOffset now = _tree.Now;
            MemoryStagedFile[] old = [.. _tree.Staged.Values.Where(staged => !staged.IsHeld && now - staged.Written > age)];
            foreach (MemoryStagedFile staged in old)
                staged.Drop();
            return new ValueTask<int>(old.Length);
        }
    }

    /// <summary>Does nothing: what a store of the same tree holds stays.</summary>
    public void Dispose()
    {
    }

    private static void Check(VirtualPath path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // Depth is bounded by the paths' own bound only where nothing was renamed deeper, so no recursion.
    private static void Visit(MemoryNode folder, Action<MemoryContent> file)
    {
        var open = new Stack<MemoryNode>([folder]);
        while (open.TryPop(out MemoryNode? next))
        {
            foreach (MemoryNode child in next.Entries!.Values)
            {
                if (child.Content is { } content)
                    file(content);
                else
                    open.Push(child);
            }
        }
    }

    private MemoryNode Find(VirtualPath path)
    {
        MemoryNode node = _root.IsGone ? throw Refusals.NotFound : _root;
        foreach (string name in path.Names)
        {
            if (node.Entries is null)
                throw Refusals.NotFolder;
            node = node.Entries.GetValueOrDefault(name) ?? throw Refusals.NotFound;
        }

        return node;
    }

    private MemoryNode FindFolder(VirtualPath path, bool create)
    {
        MemoryNode node = _root.IsGone ? throw Refusals.NotFound : _root;
        foreach (string name in path.Names)
        {
            if (!node.Entries!.TryGetValue(name, out MemoryNode? next))
            {
                if (!create)
                    throw Refusals.NotFound;
                next = MemoryNode.Folder(_tree.Now);
                Put(node, name, next);
            }

            node = next.Entries is null ? throw Refusals.NotFolder : next;
        }

        return node;
    }

    private void Put(MemoryNode folder, string name, MemoryNode node)
    {
        folder.Entries![name] = node;
        folder.Modified = _tree.Now;
    }
}
