namespace Dialtone.Files;

/// <summary>The sorted names of the few folders that are being paged through, so that reading a large folder page by page is not quadratic.</summary>
/// <remarks>A table is used only while the folder's times are those it was read at: what changed is read again.</remarks>
internal sealed class ListingCache
{
    private const int MaxTables = 8;
    private const long MaxBytes = 64 * 1024 * 1024;

    // A change in the kernel's clock tick in which a folder was read would leave its times as they are, and so pass unseen; a tick is at most 10 ms.
    private const long SettledNanoseconds = 20_000_000;

    private readonly Lock _gate = new();
    private readonly List<(FileId Folder, FileTime Modified, FileTime Changed, NameTable Names)> _tables = []; // most recent last; under _gate

    internal NameTable? Find(in FileStatus folder)
    {
        lock (_gate)
        {
            for (int i = _tables.Count - 1; i >= 0; i--)
            {
                (FileId id, FileTime modified, FileTime changed, NameTable names) = _tables[i];
                if (id == folder.Id && modified == folder.Modified && changed == folder.Changed)
                    return names;
            }
        }

        return null;
    }

    /// <param name="folder">As it was before the names were read.</param>
    /// <param name="looked">When that was.</param>
    /// <param name="names">The names.</param>
    internal void Keep(in FileStatus folder, FileTime looked, NameTable names)
    {
        if (names.MemoryBytes > MaxBytes || !IsSettled(folder.Modified, looked) || !IsSettled(folder.Changed, looked))
            return;
        FileId id = folder.Id;
        lock (_gate)
        {
            _tables.RemoveAll(table => table.Folder == id);
            _tables.Add((id, folder.Modified, folder.Changed, names));
            while (_tables.Count > MaxTables || _tables.Sum(table => table.Names.MemoryBytes) > MaxBytes)
                _tables.RemoveAt(0);
        }
    }

    /// <summary>The paging came to its end.</summary>
    internal void Forget(FileId folder)
    {
        lock (_gate)
            _tables.RemoveAll(table => table.Folder == folder);
    }

    private static bool IsSettled(FileTime stamp, FileTime looked) =>
        stamp.Seconds < looked.Seconds - 1
        || ((looked.Seconds - stamp.Seconds) * 1_000_000_000) + looked.Nanoseconds - stamp.Nanoseconds > SettledNanoseconds;
}
