using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>What of a remote tree has to travel, and what of the local one has to go.</summary>
internal sealed class TreeDownloadPlan(string localFolder, TreeOptions options) : IDisposable
{
    private readonly HashSet<string> _remote = new(StringComparer.Ordinal); // every path, where extras are to go
    private LocalCursor? _cursor;
    private bool _hasBegun;
    private readonly List<TreeFile> _same = []; // in size, where content decides

    public List<TreeFile> Needed { get; private set; } = [];

    public int Skipped { get; private set; }

    public List<string> Deleted { get; } = [];

    public List<TreeFailure> Failures { get; } = [];

    /// <summary>The local folder; null where it does not exist and is not to be made.</summary>
    public LocalFolder? Top { get; private set; }

    /// <summary>Compares by size and time; makes the folders on the way. Names are the server's word and checked here, before they touch the disk.</summary>
    public void Compare(IReadOnlyList<RemoteEntry> page)
    {
        if (!_hasBegun)
            Begin();
        foreach (RemoteEntry entry in page)
        {
            if (options.Delete)
                _remote.Add(entry.Path);
            try
            {
                Compare(entry, _cursor);
            }
            catch (FileException e)
            {
                Failures.Add(new TreeFailure(entry.Path, e));
            }
        }
    }

    /// <summary>Asks the server for the digests of files that are the same in size, and fetches those that differ.</summary>
    public async Task CompareContentAsync(FileClient client, string path, CancellationToken cancellationToken)
    {
        using LocalCursor cursor = new(Top!, create: false);
        await client.SumAllAsync(path, _same, Compare, cancellationToken).ConfigureAwait(false);

        void Compare(TreeFile file, NativeReply reply)
        {
            try
            {
                uint? there = reply.Ok ? reply.Crc32C : throw reply.ToException();
                using SafeFileHandle local = cursor.Go(file.Folder).OpenFile(file.Name);
                if (there == LocalPart.ComputeCrc(local, file.Size, file.Path))
                    Skipped++;
                else
                    Needed.Add(file);
            }
            catch (FileException e)
            {
                Failures.Add(new TreeFailure(file.Path, e));
            }
        }
    }

    /// <summary>Removes what the server does not have.</summary>
    public void DeleteExtras()
    {
        if (Top is not null)
            DeleteExtras(Top, "", _remote);
    }

    public void Dispose()
    {
        _cursor?.Dispose();
        Top?.Dispose();
    }

    /// <summary>Only once the server has shown that there is such a folder.</summary>
    private void Begin()
    {
        _hasBegun = true;
        if (!options.DryRun)
            Directory.CreateDirectory(localFolder);
        if (!Directory.Exists(localFolder))
            return;
        Top = LocalFolder.Open(localFolder);
        _cursor = new LocalCursor(Top, create: !options.DryRun);
    }

    private void Compare(RemoteEntry entry, LocalCursor? cursor)
    {
        string[] names = RemoteLines.NamesOf(entry.Path);
        if (entry.Kind == FileKind.Folder)
        {
            if (!options.DryRun)
                cursor?.Go(entry.Path);
            return;
        }

        if (entry.Kind != FileKind.File)
            throw new FileException(FileError.NotRegular, entry.Kind == FileKind.Link ? "It is a link, which is not fetched." : "It is neither a file nor a folder.");
        var file = new TreeFile(entry.Path, entry.Size, entry.Modified, entry.Mode);
        if (!options.OnlyDifferent || !TryStat(cursor, file, names[^1], out FileStatus status) || status.Kind != FileKind.File || status.Size != file.Size)
            Needed.Add(file);
        else if (options.Checksum)
            _same.Add(file);
        else if (status.Modified.ToDateTimeOffset() == file.Modified)
            Skipped++;
        else
            Needed.Add(file);
    }

    private bool TryStat(LocalCursor? cursor, TreeFile file, string name, out FileStatus status)
    {
        status = default;
        try
        {
            return cursor?.Go(file.Folder) is { IsNew: false } folder && folder.TryStat(name, out status);
        }
        catch (FileException e) when (options.DryRun && e.Reason == FileError.NotFound)
        {
            return false; // its folder would be made
        }
    }

    private void DeleteExtras(LocalFolder folder, string prefix, HashSet<string> wanted)
    {
        foreach (string name in folder.ListNames())
        {
            string path = prefix + name;
            try
            {
                if (!wanted.Contains(path))
                {
                    if (!options.DryRun)
                        folder.Remove(name);
                    Deleted.Add(path);
                }
                else if (folder.TryStat(name, out FileStatus status) && status.Kind == FileKind.Folder)
                {
                    using LocalFolder child = folder.OpenChild(name, create: false);
                    DeleteExtras(child, path + "/", wanted);
                }
            }
            catch (FileException e)
            {
                Failures.Add(new TreeFailure(path, e));
            }
        }
    }
}
