using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>
/// What one caller sees of a share: the home as its root, and every rule. Who may, how much, where, and what is written down is decided here and
/// nowhere else; protocols only ask.
/// </summary>
/// <remarks>
/// Paths are from the home. Rights are looked at before the disk, so that what is forbidden looks the same whether it exists or not. Uploads and
/// downloads of one session may overlap. Everything a protocol can be told is a <see cref="FileException"/>.
/// </remarks>
public sealed partial class FileSession : IAsyncDisposable
{
    private const int ChunkBytes = 256 * 1024;

    private readonly FileCaller _caller;
    private readonly Action _closed;
    private readonly CallerCounts? _userCounts;
    private readonly CallerCounts? _addressCounts;
    private readonly LedgerView _view;
    private Account _account;
    private int _isDisposed;
    private volatile bool _isOver;

    internal FileSession(FileService service, FileCaller caller, SessionStart start)
    {
        (Service, _caller, _account, Store) = (service, caller, start.Account, start.Store);
        (User, _closed, _userCounts, _addressCounts) = (start.User, start.Closed, start.UserCounts, start.AddressCounts);
        KeyLoggedIn = start.Key;
        Home = start.Account.Home;
        _view = new LedgerView(Home);
    }

    /// <summary>Who has logged in; null for a stranger.</summary>
    public string? User { get; }

    /// <summary>The account of <see cref="User"/>, as it is now; null for a stranger.</summary>
    public Account? Account => User is null ? null : _account;

    /// <summary>Where relative paths begin. Starts at the home.</summary>
    public VirtualPath CurrentFolder { get; private set; } = VirtualPath.Root;

    internal FileService Service { get; }

    internal IFileStore Store { get; }

    internal VirtualPath Home { get; }

    internal string? KeyLoggedIn { get; }

    internal TimeProvider Time => Service.Time;

    /// <summary>Whose interrupted uploads these are.</summary>
    internal string Owner => User ?? "";

    /// <summary>Reads a path as the caller wrote it, relative to <see cref="CurrentFolder"/>.</summary>
    /// <exception cref="FileException"><see cref="FileError.BadPath"/>.</exception>
    public VirtualPath Resolve(string? text) => VirtualPath.Parse(text, CurrentFolder);

    /// <summary>Sets the current folder without looking at it.</summary>
    public void ChangeFolder(VirtualPath folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        CurrentFolder = folder;
    }

    /// <summary>Sets the current folder, if it is one.</summary>
    /// <exception cref="FileException"><see cref="FileError.NotFound"/>, <see cref="FileError.NotFolder"/>, <see cref="FileError.Denied"/>.</exception>
    public async ValueTask ChangeFolderAsync(VirtualPath folder, CancellationToken cancellationToken = default)
    {
        FileEntry entry = await StatAsync(folder, cancellationToken).ConfigureAwait(false);
        if (entry.Kind != FileKind.Folder)
            throw new FileException(FileError.NotFolder, "It is no folder.");
        CurrentFolder = folder;
    }

    /// <summary>What may be done at a path.</summary>
    public FileRights RightsAt(VirtualPath path) => _account.RightsAt(path);

    /// <summary>What stands at a path.</summary>
    /// <exception cref="FileException">Needs <see cref="FileRights.List"/> or <see cref="FileRights.Read"/> there, or <see cref="FileRights.List"/> of its folder.</exception>
    public ValueTask<FileEntry> StatAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        if ((RightsAt(path) & FileRights.Browse) == 0 && !RightsAt(path.Parent).HasFlag(FileRights.List))
            throw Refuse(AuditEvent.Look, path);
        return Store.StatAsync(path, cancellationToken);
    }

    /// <summary>A part of a folder's entries, in the order of their names' UTF-8 bytes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="after">The name to begin after; null for the beginning.</param>
    /// <param name="limit">At most so many entries.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.List"/>.</exception>
    public ValueTask<FilePage> ListAsync(VirtualPath folder, string? after = null, int limit = 1000, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        CheckStillWelcome();
        Demand(AuditEvent.Look, folder, FileRights.List);
        return Store.ListAsync(folder, after, limit, cancellationToken);
    }

    /// <summary>Opens a file to send it.</summary>
    /// <exception cref="FileException">Needs <see cref="FileRights.Read"/>; <see cref="FileError.Limit"/> if too many transfers are under way.</exception>
    public async ValueTask<FileDownload> OpenAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        long started = Time.GetTimestamp();
        CheckStillWelcome();
        Demand(AuditEvent.Download, path, FileRights.Read);
        BeginTransfer(AuditEvent.Download, path);
        try
        {
            IStoredFile file = await Store.OpenAsync(path, cancellationToken).ConfigureAwait(false);
            return new FileDownload(this, file, Share(path), started);
        }
        catch
        {
            EndTransfer();
            throw;
        }
    }

    /// <summary>Computes the digest of a file, or of a part of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="digest">Which digest.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many bytes; null for the rest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.Read"/>; <see cref="FileError.BadRange"/>; <see cref="FileError.Changed"/> if the file became shorter.</exception>
    public async ValueTask<FileSum> SumAsync(
        VirtualPath path, FileDigest digest = FileDigest.Crc32C, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        Demand(AuditEvent.Look, path, FileRights.Read);
        using IStoredFile file = await Store.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        if (offset < 0 || offset > file.Entry.Size || length < 0 || length > file.Entry.Size - offset)
            throw new FileException(FileError.BadRange, "The part lies outside the file.");
        long count = length ?? file.Entry.Size - offset;
        using IncrementalHash? hash = NewHash(digest);
        uint crc = await DigestAsync(file.ReadAsync, offset, count, digest == FileDigest.Crc32C, hash is null ? [] : [hash], cancellationToken).ConfigureAwait(false);
        byte[] value = hash?.GetCurrentHash() ?? BigEndian(crc);
        return new FileSum(digest, value, count, file.Entry);
    }

    /// <summary>How much the home holds, and may hold.</summary>
    public async ValueTask<UsageReport> UsageAsync(CancellationToken cancellationToken = default)
    {
        CheckStillWelcome();
        await Service.Ledger.PrepareAsync(_view, Home, cancellationToken).ConfigureAwait(false);
        return Service.Ledger.Report(_view)
            ?? new UsageReport(await Service.MeasureAsync(Home, cancellationToken).ConfigureAwait(false), Service.Ledger.ReservedWithin(Home), null);
    }

    /// <summary>Ends the session. Uploads and downloads of it are to be disposed before.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return default;
        Store.Dispose();
        _closed();
        if (User is not null)
            Record(new AuditRecord { Event = AuditEvent.Logout });
        return default;
    }

    internal static FileException OverQuota() => new(FileError.QuotaExceeded, "The quota would be passed.");

    /// <summary>Refuses to go on for an account that is gone, has expired, or has another password or home than at log-in.</summary>
    /// <remarks>Costs a look into a table; so it is asked before everything, each piece of a transfer included.</remarks>
    internal void CheckStillWelcome()
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (Service.Audit is { IsFailing: true })
            throw new FileException(FileError.Failed, "The server cannot keep its records, and serves nobody until it can.");
        if (_isOver)
            throw new FileException(FileError.LoginRequired, "The home of this session was moved or removed. Log in again.");
        if (User is null)
            return;
        Account? now = Service.Accounts?.Find(User);
        if (ReferenceEquals(now, _account) && _account.Expires is null)
            return;
        if (now is null || now.HasExpired(Time.GetUtcNow()) || !IsSameLogin(now))
            throw new FileException(FileError.LoginRequired, "The account has changed. Log in again.");
        _account = now;
    }

    /// <summary>Refuses everything from now on: the folder that its store holds is no longer the account's home.</summary>
    internal void End() => _isOver = true;

    internal VirtualPath Share(VirtualPath path) => path.Below(Home);

    internal ValueTask PrepareAsync(VirtualPath sharePath, CancellationToken cancellationToken) => Service.Ledger.PrepareAsync(_view, sharePath, cancellationToken);

    internal void EndTransfer()
    {
        _userCounts?.EndTransfer();
        _addressCounts?.EndTransfer();
    }

    /// <summary>Writes an audit record, with this session's caller in it.</summary>
    internal void Record(in AuditRecord record) => Service.Audit?.Write(record with { User = User, From = _caller.From, Tongue = _caller.Tongue });

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static IncrementalHash? NewHash(FileDigest digest) => digest switch
    {
        FileDigest.Crc32C => null,
        FileDigest.Sha256 => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
        FileDigest.Md5 => IncrementalHash.CreateHash(HashAlgorithmName.MD5),
        _ => throw new ArgumentOutOfRangeException(nameof(digest)),
    };

    private static async ValueTask<uint> DigestAsync(
        Func<long, Memory<byte>, CancellationToken, ValueTask<int>> read, long offset, long count, bool withCrc, IncrementalHash[] hashes, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkBytes, Math.Max(1, count)));
        try
        {
            uint crc = 0;
            for (long end = offset + count; offset < end;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int got = await read(offset, buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - offset)), cancellationToken).ConfigureAwait(false);
                if (got == 0)
                    throw new FileException(FileError.Changed, "The file became shorter while it was read.");
                if (withCrc)
                    crc = Crc32C.Append(crc, buffer.AsSpan(0, got));
                foreach (IncrementalHash hash in hashes)
                    hash.AppendData(buffer.AsSpan(0, got));
                offset += got;
            }

            return crc;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsSameLogin(Account now)
    {
        if (!now.Home.Equals(Home))
            return false;
        return KeyLoggedIn is { } key ? now.Keys.Contains(key) : now.Password?.Format() == _account.Password?.Format();
    }

    private void Demand(AuditEvent what, VirtualPath path, FileRights wanted)
    {
        if ((RightsAt(path) & wanted) != wanted)
            throw Refuse(what, path);
    }

    private FileException Refuse(AuditEvent what, VirtualPath path, FileError reason = FileError.Denied)
    {
        Record(new AuditRecord { Event = what, Error = reason, Path = Share(path) });
        return reason switch
        {
            FileError.QuotaExceeded => OverQuota(),
            FileError.Limit => new FileException(reason, "Too many transfers are under way."),
            FileError.Denied when User is null => new FileException(FileError.LoginRequired, "Log in first: strangers may not do that."),
            _ => new FileException(reason, "The account may not do that there."),
        };
    }

    private void BeginTransfer(AuditEvent what, VirtualPath path)
    {
        if (_userCounts is not null && !_userCounts.TryBeginTransfer(Service.Options.MaxTransfersPerUser))
            throw Refuse(what, path, FileError.Limit);
        if (_addressCounts is null || _addressCounts.TryBeginTransfer(Service.Options.MaxTransfersPerAddress))
            return;
        _userCounts?.EndTransfer();
        throw Refuse(what, path, FileError.Limit);
    }
}

/// <summary>What a session begins with.</summary>
internal readonly record struct SessionStart
{
    internal required Account Account { get; init; }

    internal required string? User { get; init; }

    internal required IFileStore Store { get; init; }

    internal required Action Closed { get; init; }

    internal string? Key { get; init; }

    internal CallerCounts? UserCounts { get; init; }

    internal CallerCounts? AddressCounts { get; init; }
}
