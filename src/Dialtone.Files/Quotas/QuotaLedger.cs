namespace Dialtone.Files;

/// <summary>
/// What every quota of a share has used and set aside, in memory and exact. Nothing is persisted: a scope is counted by a walk when it is first needed.
/// </summary>
/// <remarks>
/// Room is set aside before a byte is staged and becomes use once published; what is freed is booked after it is gone. So the disk never holds more than
/// used + reserved, and that never passes a quota, at any instant.
/// </remarks>
internal sealed class QuotaLedger(Func<VirtualPath, CancellationToken, ValueTask<StoreUsage>> measure)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Reservation> _reservations = [];  // under _gate
    private readonly HashSet<VirtualPath> _credits = [];       // paths whose replacement is under way; under _gate
    private QuotaScope[] _scopes = [];                         // under _gate
    private int _version;                                      // of _scopes; under _gate

    /// <summary>Every change of the share passes it.</summary>
    internal TreeGate Gate { get; } = new();

    /// <summary>Takes other quotas. Scopes that stay keep their books.</summary>
    internal void SetQuotas(IEnumerable<(VirtualPath Folder, Quota Quota)> quotas)
    {
        var wanted = new Dictionary<VirtualPath, Quota>();
        foreach ((VirtualPath folder, Quota quota) in quotas)
        {
            if (quota.IsLimit)
                wanted[folder] = Quota.Stricter(wanted.GetValueOrDefault(folder), quota)!;
        }

        lock (_gate)
        {
            var kept = _scopes.ToDictionary(scope => scope.Folder);
            _scopes = [.. wanted.Keys.Select(folder => kept.GetValueOrDefault(folder) ?? new QuotaScope(folder))];
            _version++;
            foreach (QuotaScope scope in _scopes)
                (scope.Quota, scope.Reserved) = (wanted[scope.Folder], default);
            foreach (Reservation reservation in _reservations)
            {
                reservation.Scopes = [.. _scopes.Where(scope => reservation.Path.IsWithin(scope.Folder))];
                Book(reservation.Scopes, reservation.Bytes, reservation.Files);
            }
        }
    }

    /// <summary>Counts everything anew when it is next needed: for an operator who changed files behind the server's back.</summary>
    internal void Forget() => Forget(VirtualPath.Root);

    /// <summary>Counts the scopes inside a tree anew when they are next needed.</summary>
    internal void Forget(VirtualPath tree)
    {
        lock (_gate)
        {
            foreach (QuotaScope scope in _scopes)
                scope.IsKnown &= !scope.Folder.IsWithin(tree);
        }
    }

    /// <summary>Counts what a path's quotas need, where that was not done yet. Call it outside the gate.</summary>
    internal ValueTask PrepareAsync(LedgerView view, VirtualPath path, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Refresh(view);
            bool isReady = view.Inside.Length == 0 && view.Around.Length == 0;
            return isReady || Array.TrueForAll(view.Holding(path), scope => scope.IsKnown) ? default : new ValueTask(MeasureAsync(view, path, cancellationToken));
        }
    }

    /// <summary>Sets room aside for an upload, or says why not by false. Call <see cref="PrepareAsync"/> first.</summary>
    /// <param name="view">The session's.</param>
    /// <param name="path">Where it will be published.</param>
    /// <param name="size">Its size, or 0 and <see cref="TryGrow"/> as bytes come.</param>
    /// <param name="replaces">The size of the file that it will replace, where there is one and the room is short; −1 otherwise.</param>
    /// <param name="reservation">The room, if true is returned.</param>
    internal bool TryReserve(LedgerView view, VirtualPath path, long size, long replaces, out Reservation reservation)
    {
        reservation = new Reservation(path) { Size = size };
        lock (_gate)
        {
            Refresh(view);
            reservation.Scopes = view.Holding(path);
            return TryAdd(reservation, replaces, force: false);
        }
    }

    /// <summary>Sets room aside for an interrupted upload found on the disk, whether it fits or not: it is there.</summary>
    internal Reservation Restore(VirtualPath path, long size, long replaces)
    {
        var reservation = new Reservation(path) { Size = size };
        lock (_gate)
        {
            reservation.Scopes = [.. _scopes.Where(scope => path.IsWithin(scope.Folder))];
            TryAdd(reservation, replaces, force: true);
        }

        return reservation;
    }

    /// <summary>Makes room for an upload to have <paramref name="size"/> bytes; false if there is none.</summary>
    internal bool TryGrow(Reservation reservation, long size)
    {
        lock (_gate)
        {
            if (size <= reservation.Size)
                return true;
            long more = Math.Max(0, size - Math.Max(0, reservation.Credit)) - reservation.Bytes;
            if (more > 0 && !Fits(reservation.Scopes, more, 0))
                return false;
            reservation.Size = size;
            if (more > 0)
                Change(reservation, more, 0);
            return true;
        }
    }

    /// <summary>Called when it is known what is replaced: makes sure that the room set aside covers the exact growth until <see cref="Settle"/>.</summary>
    internal bool TryCharge(Reservation reservation, long size, FileEntry? replaced)
    {
        lock (_gate)
        {
            long bytes = Math.Max(0, size - (replaced?.Size ?? 0) - reservation.Bytes);
            long files = Math.Max(0, (replaced is null ? 1 : 0) - reservation.Files);
            if (!Fits(reservation.Scopes, bytes, files))
                return false;
            Change(reservation, bytes, files);
            return true;
        }
    }

    /// <summary>The upload is published: its room becomes use.</summary>
    internal void Settle(Reservation reservation, long size, FileEntry? replaced)
    {
        lock (_gate)
        {
            foreach (QuotaScope scope in reservation.Scopes)
                scope.Use(size - (replaced?.Size ?? 0), replaced is null ? 1 : 0);
            Drop(reservation);
        }
    }

    /// <summary>The upload is gone: its room is free.</summary>
    internal void Release(Reservation reservation)
    {
        lock (_gate)
            Drop(reservation);
    }

    /// <summary>A file at a path is gone.</summary>
    internal void Freed(LedgerView view, VirtualPath path, long bytes, long files)
    {
        lock (_gate)
        {
            Refresh(view);
            foreach (QuotaScope scope in view.Holding(path))
                scope.Use(-bytes, -files);
        }
    }

    /// <summary>Whether moving something from one path to another, or removing it, concerns only scopes that hold both whole.</summary>
    internal bool IsPlain(LedgerView view, VirtualPath from, VirtualPath to)
    {
        lock (_gate)
        {
            Refresh(view);
            return Array.TrueForAll(view.Inside, scope =>
                from.IsWithin(scope.Folder) == to.IsWithin(scope.Folder) && !scope.Folder.IsWithin(from) && !scope.Folder.IsWithin(to));
        }
    }

    /// <summary>Sets room aside where something will come in by a move: in the scopes that hold the target and not the source.</summary>
    internal bool TryReserveMove(LedgerView view, VirtualPath from, VirtualPath to, StoreUsage moved, FileEntry? replaced, out Reservation reservation)
    {
        reservation = new Reservation(to);
        lock (_gate)
        {
            Refresh(view);
            reservation.Scopes = [.. view.Holding(to).Where(scope => !from.IsWithin(scope.Folder))];
            long bytes = Math.Max(0, moved.Bytes - (replaced?.Size ?? 0));
            long files = Math.Max(0, moved.Files - (replaced is null ? 0 : 1));
            if (!Fits(reservation.Scopes, bytes, files))
                return false;
            Change(reservation, bytes, files);
            return true;
        }
    }

    /// <summary>The move is done.</summary>
    internal void SettleMove(LedgerView view, Reservation reservation, VirtualPath from, StoreUsage moved)
    {
        lock (_gate)
        {
            Refresh(view);
            VirtualPath to = reservation.Path;
            foreach (QuotaScope scope in view.Holding(to).Where(scope => !from.IsWithin(scope.Folder)))
                scope.Use(moved.Bytes, moved.Files);
            foreach (QuotaScope scope in view.Holding(from).Where(scope => !to.IsWithin(scope.Folder)))
                scope.Use(-moved.Bytes, -moved.Files);
            Drop(reservation);
            // A home that came or went with the tree is another folder now.
            foreach (QuotaScope scope in _scopes)
                scope.IsKnown &= !scope.Folder.IsWithin(from) && !scope.Folder.IsWithin(to);
        }
    }

    /// <summary>The books of the scope around a home: the nearest one. Null where no quota holds.</summary>
    internal UsageReport? Report(LedgerView view)
    {
        lock (_gate)
        {
            Refresh(view);
            QuotaScope? nearest = view.Around.MaxBy(scope => scope.Folder.Names.Count);
            return nearest is null ? null : new UsageReport(NotNegative(nearest.Used), NotNegative(nearest.Reserved), nearest.Quota);
        }
    }

    /// <summary>The sum of everything set aside under a path: for tests and operators.</summary>
    internal StoreUsage ReservedWithin(VirtualPath path)
    {
        lock (_gate)
        {
            return _reservations.Where(one => one.Path.IsWithin(path))
                .Aggregate(default(StoreUsage), (sum, one) => new StoreUsage(sum.Bytes + one.Bytes, sum.Files + one.Files));
        }
    }

    // A removal may be booked before the publishing that it removed.
    private static StoreUsage NotNegative(StoreUsage usage) => new(Math.Max(0, usage.Bytes), Math.Max(0, usage.Files));

    private static bool Fits(QuotaScope[] scopes, long bytes, long files)
    {
        foreach (QuotaScope scope in scopes)
        {
            if (!scope.Fits(bytes, files))
                return false;
        }

        return true;
    }

    private static void Book(QuotaScope[] scopes, long bytes, long files)
    {
        foreach (QuotaScope scope in scopes)
            scope.Reserve(bytes, files);
    }

    private bool TryAdd(Reservation reservation, long replaces, bool force)
    {
        bool credited = replaces >= 0 && !_credits.Contains(reservation.Path);
        long bytes = Math.Max(0, reservation.Size - (credited ? replaces : 0));
        long files = credited ? 0 : 1;
        if (!force && !Fits(reservation.Scopes, bytes, files))
            return false;
        if (credited)
        {
            reservation.Credit = replaces;
            _credits.Add(reservation.Path);
        }

        Change(reservation, bytes, files);
        return true;
    }

    private void Change(Reservation reservation, long bytes, long files)
    {
        _reservations.Add(reservation);
        reservation.Bytes += bytes;
        reservation.Files += files;
        Book(reservation.Scopes, bytes, files);
    }

    private void Drop(Reservation reservation)
    {
        if (!_reservations.Remove(reservation))
            return;
        Book(reservation.Scopes, -reservation.Bytes, -reservation.Files);
        if (reservation.Credit >= 0)
            _credits.Remove(reservation.Path);
        (reservation.Bytes, reservation.Files, reservation.Credit) = (0, 0, -1);
    }

    private void Refresh(LedgerView view)
    {
        if (view.Version == _version)
            return;
        view.Version = _version;
        view.Around = [.. _scopes.Where(scope => view.Home.IsWithin(scope.Folder))];
        view.Inside = [.. _scopes.Where(scope => scope.Folder.IsWithin(view.Home) && !scope.Folder.Equals(view.Home))];
    }

    private async Task MeasureAsync(LedgerView view, VirtualPath path, CancellationToken cancellationToken)
    {
        while (FirstUnknown(view, path) is { } scope)
        {
            TreeGate.Pass pass = await Gate.CloseAsync(scope.Folder).ConfigureAwait(false);
            try
            {
                if (!IsKnown(scope))
                {
                    StoreUsage used = await measure(scope.Folder, cancellationToken).ConfigureAwait(false);
                    lock (_gate)
                        (scope.Used, scope.IsKnown) = (used, true);
                }
            }
            finally
            {
                Gate.Leave(pass);
            }
        }
    }

    private bool IsKnown(QuotaScope scope)
    {
        lock (_gate)
            return scope.IsKnown;
    }

    private QuotaScope? FirstUnknown(LedgerView view, VirtualPath path)
    {
        lock (_gate)
        {
            Refresh(view);
            return Array.Find(view.Holding(path), scope => !scope.IsKnown);
        }
    }
}
