namespace Dialtone.Files;

/// <summary>Files in a folder of this machine.</summary>
public sealed class LocalFileStore : IFileStore
{
    private readonly LocalFileStoreOptions _options;

    private LocalFileStore(LocalFileStoreOptions options) => _options = options;

    /// <summary>Opens a folder as a store.</summary>
    /// <param name="folder">The folder, which must exist.</param>
    /// <param name="options">How it is treated.</param>
    /// <exception cref="FileException">It cannot be used; the message says why.</exception>
    public static LocalFileStore Open(string folder, LocalFileStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new LocalFileStore(options ?? new LocalFileStoreOptions());
    }

    private FileException Missing => new(FileError.Unsupported, $"Not built yet (hard links refused: {_options.RefuseHardLinks}).");
    /// <inheritdoc/>
    public IFileStore OpenFolder(VirtualPath folder, bool create) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<FileEntry> StatAsync(VirtualPath path, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<FilePage> ListAsync(VirtualPath folder, string? after, int limit, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<IStoredFile> OpenAsync(VirtualPath path, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<IStagedFile> StageAsync(long? size, ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<IStagedFile> ResumeAsync(string id, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public IAsyncEnumerable<StagedEntry> ListStagedAsync(CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<PublishedFile> PublishAsync(IStagedFile staged, VirtualPath target, PublishOptions options, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask MakeFolderAsync(VirtualPath folder, bool parents, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask RemoveAsync(VirtualPath path, bool recursive, Action<FileEntry>? removed, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<FileEntry?> RenameAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask SetAttributesAsync(VirtualPath path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<StoreUsage> MeasureAsync(VirtualPath folder, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public ValueTask<int> SweepAsync(TimeSpan age, CancellationToken cancellationToken = default) => throw Missing;
    /// <inheritdoc/>
    public void Dispose() { }
}
