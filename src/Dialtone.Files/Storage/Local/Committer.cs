using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>
/// Publishes staged content on a thread of its own: all that is queued becomes durable together, then goes to its place file by file, then the
/// touched folders become durable, and only then is anybody told. While that goes on, the next group gathers: the slower the disk, the larger the group.
/// </summary>
internal sealed class Committer(LocalShare share) : IDisposable
{
    /// <summary>Content up to this is made durable with one call for the whole file system, if there is enough of it.</summary>
    internal const long SmallBytes = 1024 * 1024;

    private const int SyncFilesTogetherFrom = 16, SyncFoldersTogetherFrom = 8;
    private const int MaxFolders = 64; // held open at a time

    // While many come, each by itself would wake the thread: it sleeps until so many are there, at most a millisecond.
    private const int LargestWait = 32;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(1);

    // Before Linux 5.8, syncfs kept write errors to itself.
    private static readonly bool SyncAllTellsErrors = Environment.OSVersion.Version >= new Version(5, 8);

    private readonly object _gate = new();
    private readonly List<(Publication File, Place Folder)> _placed = []; // by the thread alone, as the next two
    private readonly List<Place> _places = [];
    private readonly List<SafeFileHandle> _made = [];
    private List<Publication> _queue = []; // under _gate, as the rest
    private Thread? _thread;
    private int _awaited = 1;
    private bool _isAsleep;
    private bool _isStopping;

    internal Task<PublishedFile> Publish(
        LocalStagedFile staged, SafeFileHandle root, VirtualPath target, PublishOptions options, CancellationToken cancellationToken)
    {
        Publication publication;
        try
        {
            FileEntry entry = staged.HandOver(target.Name, options);
            publication = new Publication(staged, entry, root, target, options, cancellationToken);
        }
        catch (FileException)
        {
            staged.NotPublished(contentIsLost: false);
            throw;
        }

        if (!TryQueue(publication))
            publication.Fail(new ObjectDisposedException(nameof(LocalFileStore)));
        return publication.Task;
    }

    /// <summary>Waits until what is queued is published.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
            thread = _thread;
        }

        thread?.Join();
    }

    private bool TryQueue(Publication publication)
    {
        lock (_gate)
        {
            if (_isStopping)
                return false;
            _queue.Add(publication);
            if (_isAsleep && _queue.Count >= _awaited)
                Monitor.Pulse(_gate);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "dialtone publish" };
                _thread.Start();
            }

            return true;
        }
    }

    private void Run()
    {
        List<Publication> group = [];
        while (Take(ref group))
        {
            MakeDurable(group);
            foreach (Publication publication in group)
            {
                if (!publication.Task.IsCompleted)
                    Place(publication);
            }

            Learn();
            Settle();
            group.Clear();
        }
    }

    // Who had come before this group was told did not wait for it: more of that kind will come. Nobody is kept waiting who waits for an answer.
    private void Learn()
    {
        lock (_gate)
            _awaited = _queue.Count > 0 ? Math.Min(_awaited + _queue.Count, LargestWait) : Math.Max(1, _awaited / 2);
    }

    private bool Take(ref List<Publication> group)
    {
        lock (_gate)
        {
            while (_queue.Count < _awaited && !_isStopping)
            {
                _isAsleep = true;
                bool isWoken = Monitor.Wait(_gate, _awaited > 1 ? LongestWait : Timeout.InfiniteTimeSpan);
                _isAsleep = false;
                if (!isWoken)
                    _awaited = Math.Clamp(_queue.Count, 1, _awaited / 2);
            }

            (group, _queue) = (_queue, group);
            return group.Count > 0;
        }
    }

    private void MakeDurable(List<Publication> group)
    {
        bool together = SyncAllTellsErrors && group.Count(publication => publication.IsSmall) >= SyncFilesTogetherFrom;
        int result = together ? share.Calls.SyncAll(share.Staging.Folder) : 0;
        foreach (Publication publication in group)
        {
            if (publication.IsCancelled)
            {
                publication.Cancel();
                continue;
            }

            int own = together && publication.IsSmall ? result : share.Calls.Sync(publication.Staged.File);
            if (own == 0)
                continue;
            // Never asked again: after a failure the system may have dropped what it could not write, and would say yes.
            StoreLog.NotDurable(share.Log, -own);
            publication.Fail(Errno.Refusal(own), contentIsLost: true);
        }
    }

    private void Place(Publication publication)
    {
        try
        {
            if (publication.Target.IsRoot)
                throw Refusals.IsFolder;
            Place place = PlaceFor(publication);
            if (publication.Options.Mode == PublishMode.NextFreeName)
                PutUnderFreeName(publication, place);
            else if (!TryPut(publication, place))
                throw Refusals.Exists;
            place.IsTouched = true;
            _placed.Add((publication, place));
        }
        catch (Exception e)
        {
            publication.Fail(e);
        }
    }

    private void PutUnderFreeName(Publication publication, Place place)
    {
        VirtualPath wanted = publication.Target;
        for (int number = 0; !TryPut(publication, place); number++)
        {
            if (number == PublishOptions.MaxNumberedNames)
                throw Refusals.NoFreeName;
            publication.Target = wanted.Numbered(number);
        }
    }

    // False if the name is taken and may not be replaced.
    [SkipLocalsInit]
    private bool TryPut(Publication publication, Place place)
    {
        ReadOnlySpan<byte> name = NativeName.Of(publication.Target.Name, stackalloc byte[NativeName.MaxNameBytes]);
        bool mayReplace = publication.Options.Mode == PublishMode.Replace;
        using (share.Names.Enter(place.Id, name))
        {
            int found = share.Calls.Stat(place.Folder, name, out FileStatus standing);
            if (found == 0 && !mayReplace)
                return false;
            if (found is < 0 and not -Errno.NoEntry)
                throw Errno.Refusal(found);
            if (found == 0 && Refusals.InTheWay(standing.Kind) is { } refusal)
                throw refusal;
            publication.Charge(found == 0 ? standing.Describe(publication.Target.Name) : null);
            int result = share.Staging.MoveOut(publication.Staged.Name, place.Folder, name, replace: mayReplace);
            if (result == -Errno.Exists && !mayReplace)
                return false;
            if (result == -Errno.CrossDevice)
                throw new FileException(FileError.Unsupported, "The folder is on another file system than the shared folder.");
            Errno.Check(result);
            return true;
        }
    }

    // Folders stay open while one group lasts and no longer. Who renames one meanwhile comes after this group: nobody in it has been told anything yet.
    [SkipLocalsInit]
    private Place PlaceFor(Publication publication)
    {
        Span<byte> buffer = stackalloc byte[NativeName.MaxPathBytes];
        ReadOnlySpan<byte> path = NativeName.OfParent(publication.Target, buffer);
        for (int i = _places.Count - 1; i >= 0; i--)
        {
            if (_places[i].Is(publication.Root, path))
                return _places[i];
        }

        if (_places.Count + _made.Count >= MaxFolders)
            Settle();
        int result = share.Jail.Open(publication.Root, path, OpenFlags.Folder, out SafeFileHandle folder);
        if (result == -Errno.NoEntry && publication.Options.MakeParents)
            folder = share.Trees.MakeFolders(publication.Root, publication.Target.Parent, _made);
        else
            Errno.Check(result);
        Errno.Check(share.Calls.Stat(folder, NativeName.Itself, out FileStatus status));
        var place = new Place(publication.Root, path.ToArray(), folder, status.Id);
        _places.Add(place);
        return place;
    }

    /// <summary>Makes the touched folders durable, and tells everybody.</summary>
    private void Settle()
    {
        int touched = _made.Count + _places.Count(place => place.IsTouched);
        bool together = SyncAllTellsErrors && touched >= SyncFoldersTogetherFrom;
        int made = together ? share.Calls.SyncAll(share.Staging.Folder) : 0; // what came of folders that were made on the way
        foreach (SafeFileHandle folder in _made)
        {
            if (!together && share.Calls.Sync(folder) is < 0 and int failed)
                made = failed;
            folder.Dispose();
        }

        foreach (Place place in _places)
        {
            place.Outcome = made < 0 || together || !place.IsTouched ? made : share.Calls.Sync(place.Folder);
            place.Folder.Dispose();
        }

        foreach ((Publication publication, Place place) in _placed)
        {
            if (place.Outcome == 0)
                publication.Succeed();
            else
                publication.StayUnsure(share.Unsure(place.Outcome));
        }

        _made.Clear();
        _places.Clear();
        _placed.Clear();
    }
}
