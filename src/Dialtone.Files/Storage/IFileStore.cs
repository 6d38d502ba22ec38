namespace Dialtone.Files;

/// <summary>
/// Where files are kept. Whole objects, published atomically: there is no writing into a visible file, so that an object store fits the same seam.
/// </summary>
/// <remarks>
/// Calls may overlap freely. Paths are relative to this store's root; nothing outside it can be reached, whatever links stand on the disk.
/// A store knows no accounts, rights or quotas: a session above it does. Every failure is a <see cref="FileException"/>, thrown by the call or
/// by awaiting it.
/// </remarks>
public interface IFileStore : IDisposable
{
    /// <summary>A store whose root is a folder of this one. It holds on to that folder: renaming or replacing it later does not move the store.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="create">Makes it and its parents if they are missing.</param>
    IFileStore OpenFolder(VirtualPath folder, bool create);

    /// <summary>What stands at a path.</summary>
    ValueTask<FileEntry> StatAsync(VirtualPath path, CancellationToken cancellationToken = default);

    /// <summary>A part of a folder's entries, in the order of their names' UTF-8 bytes. What the server keeps for itself is not among them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="after">The name to begin after; null for the beginning.</param>
    /// <param name="limit">At most so many entries.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<FilePage> ListAsync(VirtualPath folder, string? after, int limit, CancellationToken cancellationToken = default);

    /// <summary>Opens a regular file. It stays the version it is, whatever is published over it.</summary>
    ValueTask<IStoredFile> OpenAsync(VirtualPath path, CancellationToken cancellationToken = default);

    /// <summary>Begins new content, which nobody sees before it is published.</summary>
    /// <param name="size">
    /// Its length in bytes where known: the disk's room is taken now, and a full disk told now (with less than 64 KiB, at its first append).
    /// Otherwise null.
    /// </param>
    /// <param name="record">What to keep beside it so that it can be continued after a restart (at most 16 KiB; see <see cref="IStagedFile.Record"/>); empty for content that ends with its owner.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IStagedFile> StageAsync(long? size, ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default);

    /// <summary>Takes up content that was begun with a record, by its id, also after a crash. It has one owner at a time.</summary>
    /// <exception cref="FileException"><see cref="FileError.NoSuchUpload"/>, also while somebody else holds it.</exception>
    ValueTask<IStagedFile> ResumeAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>The kept content: id, record, length and when it was last written. For looking up what can be continued, and for quotas at start.</summary>
    IAsyncEnumerable<StagedEntry> ListStagedAsync(CancellationToken cancellationToken = default);

    /// <summary>Publishes staged content at a path: atomically, and durably once this completes. Many at once share their syncs.</summary>
    /// <param name="staged">The content. It is spent, whatever comes of it, unless it was begun with a record and this fails.</param>
    /// <param name="target">Where to. Its folder must exist unless <see cref="PublishOptions.MakeParents"/>.</param>
    /// <param name="options">What to do about what stands there.</param>
    /// <param name="cancellationToken">Ends the wait, not the publishing once it has begun.</param>
    ValueTask<PublishedFile> PublishAsync(IStagedFile staged, VirtualPath target, PublishOptions options, CancellationToken cancellationToken = default);

    /// <summary>Makes a folder, durably.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="parents">Makes missing parents too, and is content if the folder exists; otherwise <see cref="FileError.Exists"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask MakeFolderAsync(VirtualPath folder, bool parents, CancellationToken cancellationToken = default);

    /// <summary>Removes a file, a link (never what it points to), or a folder, durably.</summary>
    /// <param name="path">What.</param>
    /// <param name="recursive">Removes a folder with its content; otherwise it must be empty.</param>
    /// <param name="removed">Told of every regular file that is gone, as soon as it is: how the caller's books stay right when the rest fails. May be null.</param>
    /// <param name="cancellationToken">Stops between two entries.</param>
    ValueTask RemoveAsync(VirtualPath path, bool recursive, Action<FileEntry>? removed, CancellationToken cancellationToken = default);

    /// <summary>Renames a file, link or folder, durably.</summary>
    /// <param name="from">What.</param>
    /// <param name="to">Its new path.</param>
    /// <param name="overwrite">Replaces a regular file that stands there; otherwise <see cref="FileError.Exists"/>. A folder is never replaced.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The file that was replaced, if one was.</returns>
    /// <exception cref="FileException">
    /// After <see cref="FileError.Failed"/> it may have been done, and a file replaced: whoever keeps books measures again.
    /// </exception>
    ValueTask<FileEntry?> RenameAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken = default);

    /// <summary>Sets modification time and permission bits of a file or folder; null leaves them. Set-id bits are masked.</summary>
    ValueTask SetAttributesAsync(VirtualPath path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default);

    /// <summary>How much a tree holds: a walk over all of it.</summary>
    ValueTask<StoreUsage> MeasureAsync(VirtualPath folder, CancellationToken cancellationToken = default);

    /// <summary>Removes staged content nobody holds: what has no record, and what was not written for longer than <paramref name="age"/>.</summary>
    /// <returns>How many were removed.</returns>
    ValueTask<int> SweepAsync(TimeSpan age, CancellationToken cancellationToken = default);
}
