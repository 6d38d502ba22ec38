namespace Dialtone.Files;

/// <summary>
/// Lets changes of a share run side by side, and closes a whole tree against them while it is counted or moved between quotas. Everybody enters once
/// and waits for nothing while inside, so that nobody waits for ever.
/// </summary>
internal sealed class TreeGate
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Pass> _changes = [];  // inside; under _gate
    private readonly List<Pass> _closures = [];       // inside or waiting, in order; under _gate
    private readonly List<Pass> _waiting = [];        // changes and closures, in order; under _gate

    /// <summary>Enters to change something at a path (and, for trees, below it). Waits while the path's surroundings are closed.</summary>
    internal ValueTask<Pass> EnterAsync(VirtualPath path, VirtualPath? other = null) => AdmitAsync(new Pass(path, other, isClosure: false));

    /// <summary>Closes one or two trees: no change inside them, above them or of them is under way until <see cref="Leave"/>.</summary>
    internal ValueTask<Pass> CloseAsync(VirtualPath tree, VirtualPath? other = null) => AdmitAsync(new Pass(tree, other, isClosure: true));

    internal void Leave(Pass pass)
    {
        List<Pass>? admitted = null;
        lock (_gate)
        {
            if (pass.IsClosure)
                _closures.Remove(pass);
            else
                _changes.Remove(pass.Node);
            if (_waiting.Count == 0)
                return;
            for (int i = 0; i < _waiting.Count;)
            {
                Pass next = _waiting[i];
                if (!MayEnter(next))
                {
                    i++;
                    continue;
                }

                _waiting.RemoveAt(i);
                if (!next.IsClosure)
                    _changes.AddLast(next.Node);
                (admitted ??= []).Add(next);
            }
        }

        foreach (Pass next in admitted ?? [])
            next.Admitted!.SetResult(next);
    }

    private ValueTask<Pass> AdmitAsync(Pass pass)
    {
        lock (_gate)
        {
            if (pass.IsClosure)
                _closures.Add(pass);
            if (MayEnter(pass))
            {
                if (!pass.IsClosure)
                    _changes.AddLast(pass.Node);
                return new ValueTask<Pass>(pass);
            }

            pass.Admitted = new TaskCompletionSource<Pass>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(pass);
            return new ValueTask<Pass>(pass.Admitted.Task);
        }
    }

    // A closure waits for the changes inside and for closures before it; a change waits for every closure, also one that waits itself.
    private bool MayEnter(Pass pass)
    {
        foreach (Pass closure in _closures)
        {
            if (closure == pass)
                break;
            if (closure.Touches(pass))
                return false;
        }

        if (!pass.IsClosure)
            return true;
        foreach (Pass change in _changes)
        {
            if (change.Touches(pass))
                return false;
        }

        return true;
    }

    /// <summary>One that is inside, or waits to be.</summary>
    internal sealed class Pass
    {
        private readonly VirtualPath _path;
        private readonly VirtualPath? _other;

        internal Pass(VirtualPath path, VirtualPath? other, bool isClosure)
        {
            (_path, _other, IsClosure) = (path, other, isClosure);
            Node = new LinkedListNode<Pass>(this);
        }

        internal bool IsClosure { get; }

        internal LinkedListNode<Pass> Node { get; }

        internal TaskCompletionSource<Pass>? Admitted { get; set; }

        internal bool Touches(Pass pass) => Touches(pass._path) || (pass._other is { } other && Touches(other));

        private bool Touches(VirtualPath path) => Overlap(_path, path) || (_other is { } other && Overlap(other, path));

        private static bool Overlap(VirtualPath a, VirtualPath b) => a.IsWithin(b) || b.IsWithin(a);
    }
}
