using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Content that waits for its turn to be published, and the promise to whoever published it.</summary>
internal sealed class Publication : TaskCompletionSource<PublishedFile>
{
    private readonly FileEntry _entry;
    private readonly CancellationToken _cancellationToken;
    private FileEntry? _replaced;
    private bool _isCharged;

    internal Publication(
        LocalStagedFile staged, FileEntry entry, SafeFileHandle root, VirtualPath target, PublishOptions options, CancellationToken cancellationToken)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        bool isHeld = false;
        root.DangerousAddRef(ref isHeld); // its store may be disposed before the turn comes
        (Staged, _entry, Root, Target, Options, _cancellationToken) = (staged, entry, root, target, options, cancellationToken);
    }

    internal LocalStagedFile Staged { get; }

    internal SafeFileHandle Root { get; }

    internal PublishOptions Options { get; }

    /// <summary>Where to; changes as names are tried under <see cref="PublishMode.NextFreeName"/>.</summary>
    internal VirtualPath Target { get; set; }

    internal bool IsSmall => _entry.Size <= Committer.SmallBytes;

    /// <summary>Its owner gave up before its turn came.</summary>
    internal bool IsCancelled => _cancellationToken.IsCancellationRequested;

    /// <summary>Asks the books, once.</summary>
    internal void Charge(FileEntry? replaced)
    {
        if (_isCharged)
            return;
        Options.Charge?.Invoke(replaced);
        (_replaced, _isCharged) = (replaced, true);
    }

    internal void Succeed()
    {
        Leave(isPlaced: true, contentIsLost: false);
        SetResult(new PublishedFile(Target, _entry.Name == Target.Name ? _entry : _entry with { Name = Target.Name }, _replaced));
    }

    /// <summary>It stands there, and the disk does not say that it will.</summary>
    internal void StayUnsure(Exception why)
    {
        Leave(isPlaced: true, contentIsLost: false);
        SetException(why);
    }

    internal void Fail(Exception why, bool contentIsLost = false)
    {
        if (_isCharged)
            Options.Undo?.Invoke();
        Leave(isPlaced: false, contentIsLost);
        SetException(why);
    }

    internal void Cancel()
    {
        Leave(isPlaced: false, contentIsLost: false);
        SetCanceled(_cancellationToken);
    }

    private void Leave(bool isPlaced, bool contentIsLost)
    {
        if (isPlaced)
            Staged.Published();
        else
            Staged.NotPublished(contentIsLost);
        Root.DangerousRelease();
    }
}
