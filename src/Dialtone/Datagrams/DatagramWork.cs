namespace Dialtone;

/// <summary>Something a drain waits for: a receive loop, a datagram under way, a session.</summary>
internal interface IDatagramWork
{
    DatagramService Service { get; }

    /// <summary>For the drain's report; null when nothing of the application's is under way in it.</summary>
    Straggler? Describe();
}

/// <summary>What one server's datagrams keep busy, and when the last of it has ended.</summary>
internal sealed class DatagramWork
{
    private static readonly AsyncLocal<IDatagramWork?> CurrentOne = new();

    private readonly Lock _gate = new();
    private readonly HashSet<IDatagramWork> _items = [];        // under _gate
    private readonly HashSet<IDatagramWork> _notWaitedFor = []; // under _gate: their handlers wait for the drain themselves
    private TaskCompletionSource? _drained;                     // under _gate

    /// <summary>The datagram or session whose handler runs here.</summary>
    public static IDatagramWork? Current => CurrentOne.Value;

    public static void MakeCurrent(IDatagramWork work) => CurrentOne.Value = work;

    public void Add(IDatagramWork work)
    {
        lock (_gate)
            _items.Add(work);
    }

    /// <summary>A datagram goes on by itself and its loop without it, in one step: a drain counts it once.</summary>
    public void Part(DatagramListener loop, Datagram datagram)
    {
        lock (_gate)
        {
            loop.Current = null;
            _items.Add(datagram);
        }
    }

    public void Remove(IDatagramWork work)
    {
        lock (_gate)
        {
            _items.Remove(work);
            _notWaitedFor.Remove(work);
            CheckDrained();
        }
    }

    public void DoNotWaitFor(IDatagramWork work)
    {
        lock (_gate)
        {
            _notWaitedFor.Add(work);
            CheckDrained();
        }
    }

    /// <summary>Waits until all of it has ended, the time is up, or somebody will not wait any longer.</summary>
    public async Task WhenDrainedAsync(TimeSpan limit, TimeProvider time, CancellationToken cutting = default)
    {
        Task drained;
        lock (_gate)
        {
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            CheckDrained();
            drained = _drained.Task;
        }

        await drained.WaitAsync(limit, time, cutting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>What is still under way, except for those who wait themselves.</summary>
    public IReadOnlyList<Straggler> Describe()
    {
        lock (_gate)
            return [.. _items.Where(each => !_notWaitedFor.Contains(each)).Select(each => each.Describe()).OfType<Straggler>()];
    }

    private void CheckDrained()
    {
        if (_drained is not null && _items.IsSubsetOf(_notWaitedFor))
            _drained.TrySetResult();
    }
}
