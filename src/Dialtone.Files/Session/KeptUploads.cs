namespace Dialtone.Files;

/// <summary>The uploads of a share that can be continued, those under way included: one for each owner and path. In memory; built from the store at start.</summary>
internal sealed class KeptUploads
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _byId = new(StringComparer.Ordinal); // under _gate
    private readonly Dictionary<(string Owner, VirtualPath Path), Entry> _byTarget = []; // the newest of each; under _gate

    internal int Count
    {
        get
        {
            lock (_gate)
                return _byId.Count;
        }
    }

    /// <summary>Adds an upload, held by whoever began it.</summary>
    internal Entry Add(string id, UploadRecord record, Reservation reservation, long length, DateTimeOffset written, bool isHeld)
    {
        var entry = new Entry(id, record, reservation) { Length = length, Written = written, IsHeld = isHeld };
        lock (_gate)
        {
            _byId[id] = entry;
            var target = (record.Owner, record.Path);
            if (!_byTarget.TryGetValue(target, out Entry? other) || other.Written <= written)
                _byTarget[target] = entry;
        }

        return entry;
    }

    /// <summary>Finds an owner's upload that nobody holds.</summary>
    internal Entry? Find(string owner, VirtualPath path)
    {
        lock (_gate)
            return _byTarget.GetValueOrDefault((owner, path)) is { IsHeld: false } entry ? entry : null;
    }

    /// <summary>What is known of an owner's upload that nobody holds: null if there is none of that size, or its CRC-32C is to be computed first.</summary>
    internal (string Id, long Length, uint Crc32C)? FindKnown(string owner, VirtualPath path, long? size)
    {
        lock (_gate)
        {
            return _byTarget.GetValueOrDefault((owner, path)) is { IsHeld: false, Crc32C: { } crc } entry && entry.Record.Size == size
                ? (entry.Id, entry.Length, crc)
                : null;
        }
    }

    /// <summary>Who sends an owner's upload of a size to a path; null if nobody does, or nobody watches over it.</summary>
    internal SenderWatch? FindSender(string owner, VirtualPath path, long? size)
    {
        lock (_gate)
            return _byTarget.GetValueOrDefault((owner, path)) is { IsHeld: true } entry && entry.Record.Size == size ? entry.Sender : null;
    }

    /// <summary>Whoever holds an upload receives it from a sender.</summary>
    internal void SetSender(Entry held, SenderWatch sender)
    {
        lock (_gate)
            held.Sender = sender;
    }

    /// <summary>Takes an owner's upload for one caller alone; null if there is none, it is another's, or somebody holds it.</summary>
    internal Entry? Hold(string id, string owner)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out Entry? entry) || entry.IsHeld || entry.Record.Owner != owner)
                return null;
            entry.IsHeld = true;
            return entry;
        }
    }

    /// <summary>Takes the owner's upload that was written longest ago and that nobody holds.</summary>
    internal Entry? HoldOldest(string owner)
    {
        lock (_gate)
        {
            Entry? oldest = _byId.Values.Where(entry => !entry.IsHeld && entry.Record.Owner == owner).MinBy(entry => entry.Written);
            if (oldest is not null)
                oldest.IsHeld = true;
            return oldest;
        }
    }

    internal void Release(Entry entry, long length, uint? crc32C, DateTimeOffset written)
    {
        lock (_gate)
            (entry.Length, entry.Crc32C, entry.Written, entry.IsHeld, entry.Sender) = (length, crc32C, written, false, null);
    }

    internal void Remove(Entry entry)
    {
        lock (_gate)
        {
            _byId.Remove(entry.Id);
            var target = (entry.Record.Owner, entry.Record.Path);
            if (_byTarget.GetValueOrDefault(target) == entry)
                _byTarget.Remove(target);
        }
    }

    /// <summary>Those that nobody holds.</summary>
    internal List<Entry> Unheld()
    {
        lock (_gate)
            return [.. _byId.Values.Where(entry => !entry.IsHeld)];
    }

    /// <summary>Takes one out unless somebody holds it by now.</summary>
    internal bool RemoveUnheld(Entry entry)
    {
        lock (_gate)
        {
            if (entry.IsHeld)
                return false;
            entry.IsHeld = true;
        }

        Remove(entry);
        return true;
    }

    /// <summary>An upload that can be continued. Its changing parts are touched only under the table's lock.</summary>
    internal sealed class Entry(string id, UploadRecord record, Reservation reservation)
    {
        internal string Id { get; } = id;

        internal UploadRecord Record { get; } = record;

        internal Reservation Reservation { get; } = reservation;

        internal long Length { get; set; }

        /// <summary>Of what is here, where that is known.</summary>
        internal uint? Crc32C { get; set; }

        internal DateTimeOffset Written { get; set; }

        internal bool IsHeld { get; set; }

        internal SenderWatch? Sender { get; set; }
    }
}
