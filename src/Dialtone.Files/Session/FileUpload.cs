using System.Buffers;
using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>Content on its way in. Append to it, then commit; disposed without that it is kept if it can be continued, and gone otherwise.</summary>
/// <remarks>For one caller at a time. Its quota is set aside before its first byte, and freed the moment it is gone.</remarks>
public sealed class FileUpload : IAsyncDisposable
{
    private const int HoleStep = 64 * 1024;
    private static readonly byte[] Zeros = new byte[HoleStep];

    private readonly FileSession _session;
    private readonly IStagedFile _staged;
    private readonly Reservation _reservation;
    private readonly KeptUploads.Entry? _kept;
    private readonly UploadRecord _target;
    private readonly FileRights _rights;
    private readonly long _started;
    private readonly IncrementalHash? _sha256;
    private readonly IncrementalHash? _md5;
    private readonly bool _knowsCrc;
    private readonly AuditEvent _event;
    private uint _crc;
    private long _received;
    private byte[]? _sha256Value;
    private byte[]? _md5Value;
    private FileError? _error;
    private bool _isSpent;   // published
    private bool _isDamaged; // what is here is not what its sender sent
    private bool _isDisposed;

    internal FileUpload(FileSession session, UploadStart start)
    {
        _session = session;
        (_staged, _reservation, _kept, _target, _rights) = (start.Staged, start.Reservation, start.Kept, start.Target, start.Rights);
        (_crc, _sha256, _md5, _event, _started) = (start.Crc32C, start.Sha256, start.Md5, start.Event, start.Started);
        _knowsCrc = start.Event != AuditEvent.Copy;
        Path = start.Path;
        if (_kept is null)
            return;
        Sender = new SenderWatch(session.Time);
        session.Service.Kept.SetSender(_kept, Sender);
    }

    /// <summary>What it can be continued by, if it is kept.</summary>
    public string Id => _staged.Id;

    /// <summary>Where it goes, from the session's home.</summary>
    public VirtualPath Path { get; }

    /// <summary>How many bytes it will have; null if the end decides.</summary>
    public long? Size => _target.Size;

    /// <summary>Bytes so far.</summary>
    public long Length => _staged.Length;

    /// <summary>The CRC-32C of the bytes so far.</summary>
    public uint Crc32C => _crc;

    /// <summary>The SHA-256 after <see cref="CommitAsync"/> has verified it; empty if it was not asked for.</summary>
    public ReadOnlyMemory<byte> Sha256 => _sha256Value;

    /// <summary>The MD5 after <see cref="CommitAsync"/> has verified it; empty if it was not asked for.</summary>
    public ReadOnlyMemory<byte> Md5 => _md5Value;

    /// <summary>To be told when the next bytes are waited for, and when they have come; null if it cannot be continued anyway.</summary>
    internal SenderWatch? Sender { get; }

    /// <summary>Adds to the end.</summary>
    /// <exception cref="FileException"><see cref="FileError.QuotaExceeded"/>, <see cref="FileError.BadRange"/> for more than was announced,
    /// <see cref="FileError.LoginRequired"/> if the account was taken away, or what the store says.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        try
        {
            await MakeRoomAsync(content.Length, cancellationToken).ConfigureAwait(false);
            await _staged.AppendAsync(content, cancellationToken).ConfigureAwait(false);
        }
        catch (FileException e)
        {
            _error ??= e.Reason;
            throw;
        }

        _crc = Dialtone.Crc32C.Append(_crc, content.Span);
        _sha256?.AppendData(content.Span);
        _md5?.AppendData(content.Span);
        _received += content.Length;
    }

    /// <summary>Leaves a hole of zero bytes, where the store keeps holes. It counts against the quota as what it is long.</summary>
    /// <exception cref="FileException">As <see cref="AppendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>.</exception>
    public async ValueTask AppendHoleAsync(long count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        try
        {
            await MakeRoomAsync(count, cancellationToken).ConfigureAwait(false);
            await _staged.AppendHoleAsync(count, cancellationToken).ConfigureAwait(false);
        }
        catch (FileException e)
        {
            _error ??= e.Reason;
            throw;
        }

        for (long left = count; left > 0; left -= HoleStep)
        {
            ReadOnlySpan<byte> zeros = Zeros.AsSpan(0, (int)Math.Min(left, HoleStep));
            _crc = Dialtone.Crc32C.Append(_crc, zeros);
            _sha256?.AppendData(zeros);
            _md5?.AppendData(zeros);
        }

        _received += count;
    }

    /// <summary>Verifies the content, and publishes it: atomically, and durably once this completes. Nobody saw any of it before.</summary>
    /// <param name="expected">What the sender says the content is; null if it says nothing.</param>
    /// <param name="cancellationToken">Looked at before the publishing, which then takes its course.</param>
    /// <returns>What stands there now; its path is from the session's home.</returns>
    /// <exception cref="FileException"><see cref="FileError.Corrupt"/> if length or digest are not as announced,
    /// <see cref="FileError.QuotaExceeded"/>, <see cref="FileError.Exists"/>, <see cref="FileError.Denied"/>, or what the store says. Nothing is published then.</exception>
    public async ValueTask<PublishedFile> CommitAsync(ExpectedDigests? expected = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            if (_error is { } failed)
                throw new FileException(failed, "The upload has failed before.");
            _session.CheckStillWelcome();
            Verify(expected);
            cancellationToken.ThrowIfCancellationRequested();
            PublishedFile published = await PublishAsync().ConfigureAwait(false);
            _isSpent = true;
            return published;
        }
        catch (FileException e)
        {
            _error ??= e.Reason;
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _sha256?.Dispose();
        _md5?.Dispose();
        string? note = null;
        if (!_isSpent)
        {
            _error ??= FileError.Failed;
            bool keep = _kept is not null && _staged.Length > 0 && !_isDamaged && _error is not (FileError.Denied or FileError.Exists or FileError.IsFolder);
            note = keep ? "interrupted, kept" : "interrupted";
            try
            {
                await LetGoAsync(keep).ConfigureAwait(false);
            }
            finally
            {
                Sender?.LetGo();
            }
        }
        else
        {
            await _staged.DisposeAsync().ConfigureAwait(false);
            Sender?.LetGo();
        }

        _session.EndTransfer();
        _session.Record(new AuditRecord
        {
            Event = _event,
            Error = _error,
            Path = _target.Path,
            Bytes = _received,
            Crc32C = _knowsCrc && _error is null ? _crc : null,
            Sha256 = _sha256Value,
            Duration = _session.Time.GetElapsedTime(_started),
            Note = note,
        });
    }

    /// <summary>Adds a part of a stored file without its bytes passing here.</summary>
    internal async ValueTask AppendAsync(IStoredFile source, long offset, long count, CancellationToken cancellationToken)
    {
        await MakeRoomAsync(count, cancellationToken).ConfigureAwait(false);
        await _staged.AppendAsync(source, offset, count, cancellationToken).ConfigureAwait(false);
        _received += count;
    }

    private async ValueTask LetGoAsync(bool keep)
    {
        if (keep)
        {
            long length = _staged.Length;
            await _staged.DisposeAsync().ConfigureAwait(false);
            _session.Service.Kept.Release(_kept!, length, _crc, _session.Time.GetUtcNow());
            return;
        }

        try
        {
            if (_kept is not null)
                await _staged.DiscardAsync().ConfigureAwait(false);
        }
        finally
        {
            await _staged.DisposeAsync().ConfigureAwait(false);
            if (_kept is not null)
                _session.Service.Kept.Remove(_kept);
            _session.Service.Ledger.Release(_reservation);
        }
    }

    private ValueTask MakeRoomAsync(long count, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed || _isSpent, this);
        _session.CheckStillWelcome();
        if (_error is { } failed)
            throw new FileException(failed, "The upload has failed before.");
        long length = _staged.Length;
        if (count > (Size ?? long.MaxValue) - length)
            throw new FileException(FileError.BadRange, "More bytes came than were announced.");
        if (Size is not null)
            return default; // all of it was set aside at the start
        return GrowAsync(length + count, cancellationToken);
    }

    private async ValueTask GrowAsync(long length, CancellationToken cancellationToken)
    {
        await _session.PrepareAsync(_target.Path, cancellationToken).ConfigureAwait(false);
        while (!_session.Service.Ledger.TryGrow(_reservation, length))
        {
            if (!await _session.MakeRoomByForgettingAsync().ConfigureAwait(false))
                throw FileSession.OverQuota();
        }
    }

    private void Verify(ExpectedDigests? expected)
    {
        if (Size is { } size && _staged.Length != size)
            throw new FileException(FileError.Corrupt, $"The upload has {_staged.Length} bytes of {size}.");
        _sha256Value = _sha256?.GetCurrentHash();
        _md5Value = _md5?.GetCurrentHash();
        if (expected is null)
            return;
        if (!expected.Sha256.IsEmpty && _sha256Value is null || !expected.Md5.IsEmpty && _md5Value is null)
            throw new FileException(FileError.BadRequest, "A digest is given that the upload did not ask for.");
        _isDamaged = true;
        if (expected.Crc32C is { } crc && crc != _crc)
            throw new FileException(FileError.Corrupt, $"The content's CRC-32C is {Dialtone.Crc32C.ToText(_crc)}, not {Dialtone.Crc32C.ToText(crc)}.");
        if (!expected.Sha256.IsEmpty && !expected.Sha256.Span.SequenceEqual(_sha256Value))
            throw new FileException(FileError.Corrupt, "The content's SHA-256 is another.");
        if (!expected.Md5.IsEmpty && !expected.Md5.Span.SequenceEqual(_md5Value))
            throw new FileException(FileError.Corrupt, "The content's MD5 is another.");
        _isDamaged = false;
    }

    private async ValueTask<PublishedFile> PublishAsync()
    {
        QuotaLedger ledger = _session.Service.Ledger;
        long size = _staged.Length;
        TreeGate.Pass pass = await ledger.Gate.EnterAsync(_target.Path).ConfigureAwait(false);
        try
        {
            _session.CheckStillWelcome(); // the home may have been moved while this waited
            var options = new PublishOptions
            {
                Mode = _target.Mode,
                MakeParents = _target.MakeParents,
                Modified = _target.Modified,
                Permissions = _target.Permissions,
                Charge = Charge,
            };
            PublishedFile published = await _session.Store.PublishAsync(_staged, Path, options, CancellationToken.None).ConfigureAwait(false);
            ledger.Settle(_reservation, size, Counted(published.Replaced));
            if (_kept is not null)
                _session.Service.Kept.Remove(_kept);
            return published;
        }
        finally
        {
            ledger.Gate.Leave(pass);
        }
    }

    // Links are no files, and count as nothing.
    private static FileEntry? Counted(FileEntry? replaced) => replaced is { Kind: FileKind.File } ? replaced : null;

    // Nobody else can publish, remove or rename there now: what is replaced is certain, and with it what it takes.
    private void Charge(FileEntry? replaced)
    {
        if (replaced is null && !_rights.HasFlag(FileRights.Create))
            throw new FileException(FileError.Denied, "The account may not create files there.");
        if (replaced is not null && !_rights.HasFlag(FileRights.Overwrite))
            throw new FileException(FileError.Denied, "The account may not replace files there.");
        if (!_session.Service.Ledger.TryCharge(_reservation, _staged.Length, Counted(replaced)))
            throw FileSession.OverQuota();
    }
}

/// <summary>What an upload begins with.</summary>
internal readonly record struct UploadStart
{
    internal required IStagedFile Staged { get; init; }

    internal required VirtualPath Path { get; init; }

    internal required UploadRecord Target { get; init; }

    internal required Reservation Reservation { get; init; }

    internal required FileRights Rights { get; init; }

    internal required long Started { get; init; }

    internal KeptUploads.Entry? Kept { get; init; }

    internal uint Crc32C { get; init; }

    internal IncrementalHash? Sha256 { get; init; }

    internal IncrementalHash? Md5 { get; init; }

    internal AuditEvent Event { get; init; }
}
