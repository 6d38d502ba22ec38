using System.Security.Cryptography;

namespace Dialtone.Files;

public sealed partial class FileSession
{
    /// <summary>Begins an upload: rights are looked at, and room is set aside, before the first byte.</summary>
    /// <exception cref="FileException">Needs <see cref="FileRights.Create"/> where nothing stands, <see cref="FileRights.Overwrite"/> where a file does;
    /// <see cref="FileError.QuotaExceeded"/>, <see cref="FileError.Limit"/>, or what the store says.</exception>
    public ValueTask<FileUpload> StartUploadAsync(UploadRequest request, CancellationToken cancellationToken = default) =>
        StartUploadAsync(request, AuditEvent.Upload, cancellationToken);

    /// <summary>
    /// Looks for an interrupted upload of this account to a path, with the same announced size. Reads what is here to say its CRC-32C. One whose sender
    /// is silent counts as interrupted after 5 s, which are waited for: its session is told so, and has let go of it when this returns.
    /// </summary>
    /// <returns>Null if there is none, or another session is at it.</returns>
    public async ValueTask<KeptUpload?> FindUploadAsync(VirtualPath path, long? size, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        if (Service.Kept.FindSender(Owner, Share(path), size) is { } sender && !await sender.EndIfSilentAsync(cancellationToken).ConfigureAwait(false))
            return null;
        if (Service.Kept.FindKnown(Owner, Share(path), size) is { } known)
            return new KeptUpload(known.Id, path, size, known.Length, known.Crc32C); // not held meanwhile: who asks at the same moment would not find it
        if (Service.Kept.Find(Owner, Share(path)) is not { } entry || entry.Record.Size != size || Service.Kept.Hold(entry.Id, Owner) is null)
            return null;
        long length = entry.Length;
        uint? crc = entry.Crc32C;
        try
        {
            if (crc is null)
            {
                await using IStagedFile staged = await Store.ResumeAsync(entry.Id, cancellationToken).ConfigureAwait(false);
                length = staged.Length;
                crc = await DigestAsync(staged.ReadAsync, 0, length, true, [], cancellationToken).ConfigureAwait(false);
            }

            return new KeptUpload(entry.Id, path, size, length, crc.Value);
        }
        catch (FileException e) when (e.Reason == FileError.NoSuchUpload)
        {
            return null; // swept; the next sweep frees its room
        }
        finally
        {
            Service.Kept.Release(entry, length, crc, entry.Written);
        }
    }

    /// <summary>Continues an interrupted upload of this account. What is here is read again, so that the digests cover the whole.</summary>
    /// <param name="id">Which.</param>
    /// <param name="offset">Where to go on; what is here beyond is dropped. Null for the end of what is here.</param>
    /// <param name="sha256">Computes the SHA-256 as well.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="FileException"><see cref="FileError.NoSuchUpload"/>, also for another account's and while another session is at it;
    /// <see cref="FileError.BadRange"/> if less is here than <paramref name="offset"/>; rights as for a new upload.</exception>
    public async ValueTask<FileUpload> ResumeUploadAsync(string id, long? offset = null, bool sha256 = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        CheckStillWelcome();
        long started = Time.GetTimestamp();
        if (Service.Kept.Hold(id, Owner) is not { } entry)
            throw NoSuchUpload();
        IStagedFile? staged = null;
        IncrementalHash? hash = null;
        bool counted = false;
        try
        {
            // The home may have moved since; what does not lie in it is not this session's.
            if (!entry.Record.Path.IsWithin(Home))
                throw NoSuchUpload();
            VirtualPath path = FromShare(entry.Record.Path);
            FileRights rights = UploadRights(path, entry.Record.Mode);
            BeginTransfer(AuditEvent.Upload, path);
            counted = true;
            staged = await Store.ResumeAsync(id, cancellationToken).ConfigureAwait(false);
            long length = offset ?? staged.Length;
            if (length < 0 || length > staged.Length)
                throw new FileException(FileError.BadRange, "Less of the upload is here than that.");
            if (length < staged.Length)
                await staged.TruncateAsync(length, cancellationToken).ConfigureAwait(false);
            hash = sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
            uint crc = length == entry.Length && entry.Crc32C is { } known && hash is null
                ? known
                : await DigestAsync(staged.ReadAsync, 0, length, true, hash is null ? [] : [hash], cancellationToken).ConfigureAwait(false);
            return new FileUpload(this, new UploadStart
            {
                Staged = staged,
                Path = path,
                Target = entry.Record,
                Reservation = entry.Reservation,
                Rights = rights,
                Started = started,
                Kept = entry,
                Crc32C = crc,
                Sha256 = hash,
                Event = AuditEvent.Upload,
            });
        }
        catch
        {
            if (counted)
                EndTransfer();
            hash?.Dispose();
            long length = staged?.Length ?? entry.Length;
            if (staged is not null)
                await staged.DisposeAsync().ConfigureAwait(false);
            Service.Kept.Release(entry, length, length == entry.Length ? entry.Crc32C : null, entry.Written);
            throw;
        }
    }

    /// <summary>Gives the room of this account's oldest interrupted upload to what it does now; false if there is none.</summary>
    internal async ValueTask<bool> MakeRoomByForgettingAsync()
    {
        if (Service.Kept.HoldOldest(Owner) is not { } oldest)
            return false;
        await Service.DiscardAsync(oldest).ConfigureAwait(false);
        return true;
    }

    private static FileException NoSuchUpload() => new(FileError.NoSuchUpload, "There is no such interrupted upload.");

    private async ValueTask<FileUpload> StartUploadAsync(UploadRequest request, AuditEvent what, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Size < 0)
            throw new FileException(FileError.BadRange, "A size is at least 0.");
        long started = Time.GetTimestamp();
        CheckStillWelcome();
        VirtualPath path = request.Path;
        FileRights rights = UploadRights(path, request.Mode);
        bool makeParents = request.MakeParents && await MayMakeParentsAsync(path, cancellationToken).ConfigureAwait(false);
        BeginTransfer(what, path);
        VirtualPath sharePath = Share(path);
        var target = new UploadRecord
        {
            Owner = Owner,
            Path = sharePath,
            Size = request.Size,
            Mode = request.Mode,
            MakeParents = makeParents,
            Modified = request.Modified,
            Permissions = request.Permissions,
        };
        Reservation? reservation = null;
        try
        {
            if (request.Keep && Service.Kept.Find(Owner, sharePath) is { } earlier && Service.Kept.Hold(earlier.Id, Owner) is not null)
                await Service.DiscardAsync(earlier).ConfigureAwait(false);
            reservation = await ReserveAsync(path, target, cancellationToken).ConfigureAwait(false);
            IStagedFile staged = await Store.StageAsync(request.Size, request.Keep ? target.Format() : default, cancellationToken).ConfigureAwait(false);
            return new FileUpload(this, new UploadStart
            {
                Staged = staged,
                Path = path,
                Target = target,
                Reservation = reservation,
                Rights = rights,
                Started = started,
                Kept = request.Keep ? Service.Kept.Add(staged.Id, target, reservation, 0, Time.GetUtcNow(), isHeld: true) : null,
                Sha256 = request.Sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null,
                Md5 = request.Md5 ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null,
                Event = what,
            });
        }
        catch (Exception e)
        {
            if (reservation is not null)
                Service.Ledger.Release(reservation);
            EndTransfer();
            if (e is FileException refused)
                Record(new AuditRecord { Event = what, Error = refused.Reason, Path = sharePath });
            throw;
        }
    }

    // What will be replaced gives its room to what replaces it; it is looked at only where room is short.
    private async ValueTask<Reservation> ReserveAsync(VirtualPath path, UploadRecord target, CancellationToken cancellationToken)
    {
        QuotaLedger ledger = Service.Ledger;
        long size = target.Size ?? 0;
        do
        {
            await ledger.PrepareAsync(_view, target.Path, cancellationToken).ConfigureAwait(false);
            if (ledger.TryReserve(_view, target.Path, size, replaces: -1, out Reservation reservation))
                return reservation;
            if (target.Mode == PublishMode.Replace && await SizeOfAsync(path, cancellationToken).ConfigureAwait(false) is { } replaces
                && ledger.TryReserve(_view, target.Path, size, replaces, out reservation))
                return reservation;
        }
        while (await MakeRoomByForgettingAsync().ConfigureAwait(false));
        throw OverQuota();
    }

    private async ValueTask<long?> SizeOfAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        try
        {
            FileEntry entry = await Store.StatAsync(path, cancellationToken).ConfigureAwait(false);
            return entry.Kind == FileKind.File ? entry.Size : null;
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder)
        {
            return null;
        }
    }

    private FileRights UploadRights(VirtualPath path, PublishMode mode)
    {
        if (path.IsRoot)
            throw new FileException(FileError.IsFolder, "A folder stands there.");
        FileRights rights = RightsAt(path);
        FileRights either = mode == PublishMode.Replace ? FileRights.Create | FileRights.Overwrite : FileRights.Create;
        return (rights & either) != 0 ? rights : throw Refuse(AuditEvent.Upload, path);
    }

    // Where some folder on the way may not be made, it has to be there.
    private async ValueTask<bool> MayMakeParentsAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        for (VirtualPath folder = path.Parent; !folder.IsRoot; folder = folder.Parent)
        {
            if (RightsAt(folder).HasFlag(FileRights.MakeFolder))
                continue;
            try
            {
                await Store.StatAsync(folder, cancellationToken).ConfigureAwait(false);
                return true; // and so are all above it
            }
            catch (FileException e) when (e.Reason is FileError.NotFound)
            {
                throw Refuse(AuditEvent.MakeFolder, folder);
            }
        }

        return true;
    }

    private VirtualPath FromShare(VirtualPath sharePath)
    {
        VirtualPath path = VirtualPath.Root;
        foreach (string name in sharePath.Names.Skip(Home.Names.Count))
            path = path.Append(name);
        return path;
    }
}
