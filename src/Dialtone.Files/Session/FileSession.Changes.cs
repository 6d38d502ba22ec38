namespace Dialtone.Files;

public sealed partial class FileSession
{
    private const int PageEntries = 1000;

    /// <summary>Makes a folder, durably.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="parents">Makes missing parents too, and is content if the folder exists.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.MakeFolder"/>, also for each parent that is missing.</exception>
    public async ValueTask MakeFolderAsync(VirtualPath path, bool parents = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        Demand(AuditEvent.MakeFolder, path, FileRights.MakeFolder);
        if (parents)
            await MayMakeParentsAsync(path, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(AuditEvent.MakeFolder, path, null, () => Store.MakeFolderAsync(path, parents, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Removes a file, a link (never what it points to) or a folder, durably.</summary>
    /// <param name="path">What.</param>
    /// <param name="recursive">Removes a folder with its content; otherwise it must be empty.</param>
    /// <param name="cancellationToken">Stops between two entries.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.Delete"/>, with <paramref name="recursive"/> also everywhere inside.</exception>
    public async ValueTask RemoveAsync(VirtualPath path, bool recursive = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        if (recursive)
            DemandThroughout(AuditEvent.Remove, path, FileRights.Delete);
        else
            Demand(AuditEvent.Remove, path, FileRights.Delete);
        await ChangeAsync(AuditEvent.Remove, path, null, () => RemoveCoreAsync(path, recursive, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Renames a file, link or folder, durably.</summary>
    /// <param name="from">What.</param>
    /// <param name="to">Its new path.</param>
    /// <param name="overwrite">Replaces a file that stands there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.Rename"/> at the source (for folders also everywhere inside) and <see cref="FileRights.Create"/>
    /// at the target; <see cref="FileRights.Overwrite"/> as well to replace a file.</exception>
    public async ValueTask RenameAsync(VirtualPath from, VirtualPath to, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        CheckStillWelcome();
        DemandThroughout(AuditEvent.Rename, from, FileRights.Rename);
        Demand(AuditEvent.Rename, to, FileRights.Create);
        if (overwrite && !RightsAt(to).HasFlag(FileRights.Overwrite))
            overwrite = false;
        await ChangeAsync(AuditEvent.Rename, from, to, () => RenameCoreAsync(from, to, overwrite, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Copies a file, or a folder with everything in it, within the server.</summary>
    /// <param name="from">What.</param>
    /// <param name="to">Where.</param>
    /// <param name="overwrite">Replaces files that stand there; folders that do are filled.</param>
    /// <param name="cancellationToken">Stops; what is copied by then stays.</param>
    /// <exception cref="FileException">Needs <see cref="FileRights.Read"/> at the source and <see cref="FileRights.Create"/> or <see cref="FileRights.Overwrite"/>
    /// at the target; for folders <see cref="FileRights.List"/> and <see cref="FileRights.MakeFolder"/>.</exception>
    public async ValueTask CopyAsync(VirtualPath from, VirtualPath to, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        FileEntry entry = await StatAsync(from, cancellationToken).ConfigureAwait(false);
        if (entry.Kind == FileKind.Folder && to.IsWithin(from))
            throw new FileException(FileError.BadPath, "A folder cannot be copied into itself.");
        await CopyEntryAsync(from, to, entry, overwrite, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets modification time and permission bits; null leaves them. Set-id bits are masked.</summary>
    /// <exception cref="FileException">Needs <see cref="FileRights.Overwrite"/>.</exception>
    public async ValueTask SetAttributesAsync(
        VirtualPath path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        CheckStillWelcome();
        Demand(AuditEvent.SetAttributes, path, FileRights.Overwrite);
        await ChangeAsync(AuditEvent.SetAttributes, path, null, () => Store.SetAttributesAsync(path, modified, mode, cancellationToken)).ConfigureAwait(false);
    }

    private async ValueTask ChangeAsync(AuditEvent what, VirtualPath path, VirtualPath? to, Func<ValueTask> change)
    {
        long started = Time.GetTimestamp();
        FileError? error = FileError.Failed;
        try
        {
            await change().ConfigureAwait(false);
            error = null;
        }
        catch (FileException e)
        {
            error = e.Reason;
            throw;
        }
        finally
        {
            Record(new AuditRecord
            {
                Event = what,
                Error = error,
                Path = Share(path),
                To = to is null ? null : Share(to),
                Duration = Time.GetElapsedTime(started),
            });
        }
    }

    private async ValueTask RemoveCoreAsync(VirtualPath path, bool recursive, CancellationToken cancellationToken)
    {
        QuotaLedger ledger = Service.Ledger;
        VirtualPath share = Share(path);
        // Homes inside it are counted anew afterwards: the store says what is gone, not where.
        bool isPlain = !recursive || ledger.IsPlain(_view, share, share);
        TreeGate.Pass pass = await (isPlain ? ledger.Gate.EnterAsync(share) : ledger.Gate.CloseAsync(share)).ConfigureAwait(false);
        try
        {
            await Store.RemoveAsync(path, recursive, gone => ledger.Freed(_view, share, gone.Size, 1), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!isPlain)
                ledger.Forget(share);
            if (recursive)
                Service.EndSessionsWithin(share);
            ledger.Gate.Leave(pass);
        }
    }

    private async ValueTask RenameCoreAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken)
    {
        QuotaLedger ledger = Service.Ledger;
        (VirtualPath source, VirtualPath target) = (Share(from), Share(to));
        if (source.Equals(target))
        {
            await Store.StatAsync(from, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!ledger.IsPlain(_view, source, target))
        {
            await MoveBetweenQuotasAsync(from, to, overwrite, cancellationToken).ConfigureAwait(false);
            return;
        }

        TreeGate.Pass pass = await ledger.Gate.EnterAsync(source, target).ConfigureAwait(false);
        try
        {
            FileEntry? replaced = await Store.RenameAsync(from, to, overwrite, cancellationToken).ConfigureAwait(false);
            if (replaced is { Kind: FileKind.File })
                ledger.Freed(_view, target, replaced.Size, 1);
            Service.EndSessionsWithin(source);
        }
        finally
        {
            ledger.Gate.Leave(pass);
        }
    }

    // Both trees are closed meanwhile, so that what is counted is what is moved.
    private async ValueTask MoveBetweenQuotasAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken)
    {
        QuotaLedger ledger = Service.Ledger;
        (VirtualPath source, VirtualPath target) = (Share(from), Share(to));
        await ledger.PrepareAsync(_view, target, cancellationToken).ConfigureAwait(false);
        TreeGate.Pass pass = await ledger.Gate.CloseAsync(source, target).ConfigureAwait(false);
        Reservation? reservation = null;
        try
        {
            FileEntry entry = await Store.StatAsync(from, cancellationToken).ConfigureAwait(false);
            StoreUsage moved = entry.Kind switch
            {
                FileKind.File => new StoreUsage(entry.Size, 1),
                FileKind.Folder => await Service.MeasureAsync(source, cancellationToken).ConfigureAwait(false),
                _ => default,
            };
            FileEntry? replaced = overwrite && await SizeOfAsync(to, cancellationToken).ConfigureAwait(false) is not null
                ? await Store.StatAsync(to, cancellationToken).ConfigureAwait(false)
                : null;
            if (!ledger.TryReserveMove(_view, source, target, moved, replaced, out reservation))
                throw OverQuota();
            replaced = await Store.RenameAsync(from, to, overwrite, cancellationToken).ConfigureAwait(false);
            if (replaced is { Kind: FileKind.File })
                ledger.Freed(_view, target, replaced.Size, 1);
            ledger.SettleMove(_view, reservation, source, moved);
            Service.EndSessionsWithin(source);
        }
        finally
        {
            if (reservation is not null)
                ledger.Release(reservation);
            ledger.Gate.Leave(pass);
        }
    }

    private async ValueTask CopyEntryAsync(VirtualPath from, VirtualPath to, FileEntry entry, bool overwrite, CancellationToken cancellationToken)
    {
        switch (entry.Kind)
        {
            case FileKind.File:
                await CopyFileAsync(from, to, overwrite, cancellationToken).ConfigureAwait(false);
                break;
            case FileKind.Folder:
                await CopyFolderAsync(from, to, overwrite, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new FileException(FileError.NotRegular, "Only files and folders are copied.");
        }
    }

    private async ValueTask CopyFolderAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken)
    {
        if (!await IsFolderAsync(to, cancellationToken).ConfigureAwait(false))
            await MakeFolderAsync(to, parents: false, cancellationToken).ConfigureAwait(false);
        string? after = null;
        FilePage page;
        do
        {
            page = await ListAsync(from, after, PageEntries, cancellationToken).ConfigureAwait(false);
            foreach (FileEntry entry in page.Entries)
            {
                after = entry.Name;
                // Links are not followed, and a link copied elsewhere would point elsewhere: both are left out.
                if (entry.Kind is FileKind.File or FileKind.Folder)
                    await CopyEntryAsync(from.Append(entry.Name), to.Append(entry.Name), entry, overwrite, cancellationToken).ConfigureAwait(false);
            }
        }
        while (page.HasMore && after is not null);
    }

    private async ValueTask<bool> IsFolderAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        try
        {
            return (await Store.StatAsync(path, cancellationToken).ConfigureAwait(false)).Kind == FileKind.Folder;
        }
        catch (FileException e) when (e.Reason == FileError.NotFound)
        {
            return false;
        }
    }

    private async ValueTask CopyFileAsync(VirtualPath from, VirtualPath to, bool overwrite, CancellationToken cancellationToken)
    {
        CheckStillWelcome();
        Demand(AuditEvent.Copy, from, FileRights.Read);
        using IStoredFile source = await Store.OpenAsync(from, cancellationToken).ConfigureAwait(false);
        var request = new UploadRequest
        {
            Path = to,
            Size = source.Entry.Size,
            Mode = overwrite ? PublishMode.Replace : PublishMode.CreateNew,
            Modified = source.Entry.Modified,
            Permissions = source.Entry.Mode,
        };
        await using FileUpload copy = await StartUploadAsync(request, AuditEvent.Copy, cancellationToken).ConfigureAwait(false);
        await copy.AppendAsync(source, 0, source.Entry.Size, cancellationToken).ConfigureAwait(false);
        await copy.CommitAsync(null, cancellationToken).ConfigureAwait(false);
    }

    private void DemandThroughout(AuditEvent what, VirtualPath path, FileRights wanted)
    {
        if (!_account.MayThroughout(path, wanted))
            throw Refuse(what, path);
    }
}
