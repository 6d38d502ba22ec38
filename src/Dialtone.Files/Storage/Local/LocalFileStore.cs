using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Files in a folder of this machine: jailed, published atomically, durable when told so. Linux on x86-64 and arm64.</summary>
/// <remarks>
/// The folder is held open: what is done to its name later does not matter. It keeps <c>.dialtone</c> at its top, for its owner only, in which content
/// waits to be published; what an earlier process left there is removed by <see cref="SweepAsync"/>. One process at a time may open a folder.
/// A folder that cannot be written is only read.
/// </remarks>
public sealed partial class LocalFileStore : IFileStore
{
    private readonly LocalShare _share;
    private readonly SafeFileHandle _root;
    private readonly bool _ownsShare;

    private LocalFileStore(LocalShare share, SafeFileHandle root, bool ownsShare) => (_share, _root, _ownsShare) = (share, root, ownsShare);

    /// <summary>Names that were left out of listings because no <see cref="VirtualPath"/> can say them: not UTF-8, or with control characters.</summary>
    internal int SkippedNames => _share.SkippedNames;

    /// <summary>Opens a folder as a store.</summary>
    /// <param name="folder">The folder, which must exist.</param>
    /// <param name="options">How it is treated.</param>
    /// <exception cref="FileException">It cannot be used, or another server uses it; the message says why.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux on x86-64 or arm64.</exception>
    public static LocalFileStore Open(string folder, LocalFileStoreOptions? options = null) => Open(folder, options, FileCalls.System);

    internal static LocalFileStore Open(string folder, LocalFileStoreOptions? options, FileCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!OpenFlags.IsSupported)
            throw new PlatformNotSupportedException("Sharing a folder of this machine needs Linux on x86-64 or arm64: the jail is built from its system calls.");
        if (!OpenFlags.SelfTest(calls))
            throw new FileException(FileError.Unsupported, "This kernel does not refuse links as asked; the folder could not be shared safely.");
        int result = calls.Open(null, Encoding.UTF8.GetBytes(folder + '\0'), OpenFlags.Directory | OpenFlags.CloseOnExec, 0, out SafeFileHandle root);
        if (result < 0)
            throw Errno.Refusal(result);
        try
        {
            return new LocalFileStore(new LocalShare(calls, root, options ?? new LocalFileStoreOptions()), root, ownsShare: true);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IFileStore OpenFolder(VirtualPath folder, bool create)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return new LocalFileStore(_share, create ? MakeFolders(folder) : _share.Jail.OpenFolder(_root, folder), ownsShare: false);
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public ValueTask<FileEntry> StatAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        using SafeFileHandle parent = _share.Jail.OpenParent(_root, path, OpenFlags.Step);
        ReadOnlySpan<byte> name = path.IsRoot ? NativeName.Itself : NativeName.Of(path.Name, stackalloc byte[NativeName.MaxNameBytes]);
        Errno.Check(_share.Calls.Stat(parent, name, out FileStatus status));
        return new ValueTask<FileEntry>(status.Describe(path.Name));
    }

    /// <inheritdoc/>
    public ValueTask<FilePage> ListAsync(VirtualPath folder, string? after, int limit, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        using SafeFileHandle open = _share.Jail.OpenFolder(_root, folder);
        Errno.Check(_share.Calls.Stat(open, NativeName.Itself, out FileStatus status));
        FileTime looked = FileCalls.Now;
        NameTable? known = after is null ? null : _share.Listings.Find(status);
        NameTable names = known ?? NameTable.Read(_share.Calls, open, folder.IsRoot, cancellationToken);
        if (known is null)
            _share.Skipped(names.Skipped);

        int next = after is null ? 0 : names.After(Encoding.UTF8.GetBytes(after));
        var entries = new List<FileEntry>(Math.Min(limit, names.Count - next));
        for (; next < names.Count && entries.Count < limit; next++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int result = _share.Calls.Stat(open, names[next], out FileStatus entry);
            if (result == -Errno.NoEntry)
                continue; // gone meanwhile
            Errno.Check(result);
            entries.Add(entry.Describe(names[next][..^1]));
        }

        bool hasMore = next < names.Count;
        if (hasMore && known is null)
            _share.Listings.Keep(status, looked, names);
        else if (!hasMore && known is not null)
            _share.Listings.Forget(status.Id);
        return new ValueTask<FilePage>(new FilePage(entries, hasMore));
    }

    /// <inheritdoc/>
    public ValueTask<IStoredFile> OpenAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        Check(path, cancellationToken);
        SafeFileHandle file = OpenRegular(path, OpenFlags.Reading, out FileStatus status);
        return new ValueTask<IStoredFile>(new LocalStoredFile(_share.Calls, file, status.Describe(path.Name)));
    }

    /// <inheritdoc/>
    public ValueTask<StoreUsage> MeasureAsync(VirtualPath folder, CancellationToken cancellationToken = default)
    {
        Check(folder, cancellationToken);
        using SafeFileHandle open = _share.Jail.OpenFolder(_root, folder);
        return new ValueTask<StoreUsage>(_share.Trees.Measure(open, folder.IsRoot, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<IStagedFile> StageAsync(long? size, ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(size ?? 0, nameof(size));
        Refusals.CheckRecord(record);
        return new ValueTask<IStagedFile>(_share.Staging.Create(size, record));
    }

    /// <inheritdoc/>
    public ValueTask<IStagedFile> ResumeAsync(string id, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(id);
        return new ValueTask<IStagedFile>(_share.Staging.Resume(id));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StagedEntry> ListStagedAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        foreach (StagedEntry entry in _share.Staging.List(cancellationToken))
            yield return entry;
    }

    /// <inheritdoc/>
    public ValueTask<int> SweepAsync(TimeSpan age, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(_share.Staging.Sweep(age, cancellationToken));
    }

    /// <summary>Lets go of the folder; the store that was opened first also ends the stores of its folders, after what was queued is published.</summary>
    public void Dispose()
    {
        if (_ownsShare)
            _share.Dispose();
        _root.Dispose();
    }

    private static void Check(VirtualPath path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // One call does for parent and leaf: no link is passed anywhere, the last name included. What it was is asked of what was opened.
    [SkipLocalsInit]
    private SafeFileHandle OpenRegular(VirtualPath path, int flags, out FileStatus status)
    {
        int result = _share.Jail.Open(_root, NativeName.Of(path, stackalloc byte[NativeName.MaxPathBytes]), flags, out SafeFileHandle file);
        if (result < 0)
            throw result == -Errno.Loop && IsLink(path) ? Refusals.NotRegular : Errno.Refusal(result);
        try
        {
            Errno.Check(_share.Calls.Stat(file, NativeName.Itself, out status));
            if (status.Kind != FileKind.File)
                throw Refusals.InTheWay(status.Kind)!;
            if (_share.Options.RefuseHardLinks && status.Links > 1)
                throw Refusals.NotRegular;
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Whether the last name is the link; a link before it looks as if nothing were there.
    [SkipLocalsInit]
    private bool IsLink(VirtualPath path)
    {
        if (_share.Jail.Open(_root, NativeName.OfParent(path, stackalloc byte[NativeName.MaxPathBytes]), OpenFlags.Step, out SafeFileHandle parent) < 0)
            return false;
        using (parent)
        {
            ReadOnlySpan<byte> name = NativeName.Of(path.Name, stackalloc byte[NativeName.MaxNameBytes]);
            return _share.Calls.Stat(parent, name, out FileStatus status) == 0 && status.Kind == FileKind.Link;
        }
    }
}
