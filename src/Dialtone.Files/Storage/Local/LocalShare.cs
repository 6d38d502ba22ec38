using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>What the store of a shared folder and the stores of folders in it have in common.</summary>
internal sealed class LocalShare : IDisposable
{
    private int _skippedNames;

    internal LocalShare(FileCalls calls, SafeFileHandle root, LocalFileStoreOptions options)
    {
        Calls = calls;
        Options = options;
        Jail = new Jail(calls, options.RefuseMounts);
        Staging = Staging.Open(this, root);
        Committer = new Committer(this);
        Trees = new TreeWork(this);
    }

    internal FileCalls Calls { get; }

    internal LocalFileStoreOptions Options { get; }

    internal ILogger Log => Options.Logger;

    internal Jail Jail { get; }

    internal NameLocks Names { get; } = new();

    internal ListingCache Listings { get; } = new();

    internal Staging Staging { get; }

    internal Committer Committer { get; }

    internal TreeWork Trees { get; }

    /// <summary>Names that were left out of listings because nobody could ask for them.</summary>
    internal int SkippedNames => Volatile.Read(ref _skippedNames);

    internal void Skipped(int count)
    {
        if (count > 0 && Interlocked.Add(ref _skippedNames, count) == count) // once: a listing may be asked for a thousand times
            StoreLog.NamesSkipped(Log, count);
    }

    /// <summary>Makes folders durable in which something was done.</summary>
    internal void Confirm(params ReadOnlySpan<SafeFileHandle> folders)
    {
        foreach (SafeFileHandle folder in folders)
        {
            if (Calls.Sync(folder) is < 0 and int failed)
                throw Unsure(failed);
        }
    }

    internal FileException Unsure(int result)
    {
        StoreLog.FolderNotDurable(Log, -result);
        return new FileException(
            FileError.Failed, "It is done, but the disk failed to confirm it: whether it outlasts a power cut is unknown.", new Win32Exception(-result));
    }

    /// <summary>Finishes what was queued for publishing, then lets go of the folder.</summary>
    public void Dispose()
    {
        Committer.Dispose();
        Staging.Dispose();
    }
}
