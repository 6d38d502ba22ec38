using Dialtone.Engines;

namespace Dialtone;

/// <summary>The connections of one server: who is there, how many from where, and when the last one left.</summary>
internal sealed class ConnectionTable(ServerLimits limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, int> _perAddress = []; // under _gate; filled only where a limit asks for it
    private readonly HashSet<Connection> _notWaitedFor = [];    // under _gate: their handlers wait for the drain themselves
    private Connection? _first;                                 // under _gate
    private int _count;                                         // under _gate
    private TaskCompletionSource? _drained;                     // under _gate
    private Action? _whenEmpty;                                 // under _gate

    public int Count => Volatile.Read(ref _count);

    /// <summary>Why a caller may not come in, or null: then it is counted as being in.</summary>
    public CloseReason? TryAdmit(PeerKey peer, PenaltyTable penalties)
    {
        if (IsKeptOut(peer, penalties))
            return CloseReason.Penalty;
        lock (_gate)
        {
            if (_count >= limits.MaxConnections)
                return CloseReason.MaxConnections;
            if (!TryCount(peer))
                return CloseReason.MaxPerAddress;
            _count++;
            return null;
        }
    }

    /// <summary>As <see cref="TryAdmit"/> for whoever a proxy that is in already speaks for: counted under its own address from now on.</summary>
    public CloseReason? TryAdmitCaller(Connection connection, PeerKey caller, PenaltyTable penalties)
    {
        if (IsKeptOut(caller, penalties))
            return CloseReason.Penalty;
        lock (_gate)
        {
            if (!TryCount(caller))
                return CloseReason.MaxPerAddress;
            connection.CountedAs = caller;
            return null;
        }
    }

    /// <summary>Links in a connection that was admitted.</summary>
    public void Add(Connection connection)
    {
        lock (_gate)
        {
            connection.ListNext = _first;
            if (_first is not null)
                _first.ListPrevious = connection;
            _first = connection;
        }
    }

    public void Remove(Connection connection)
    {
        Action? whenEmpty = null;
        lock (_gate)
        {
            if (connection.ListPrevious is { } previous)
                previous.ListNext = connection.ListNext;
            else
                _first = connection.ListNext;
            if (connection.ListNext is { } next)
                next.ListPrevious = connection.ListPrevious;
            connection.ListNext = connection.ListPrevious = null;
            _notWaitedFor.Remove(connection);
            _count--;
            Uncount(connection.CountedAs);
            CheckDrained();
            if (_count == 0)
                (whenEmpty, _whenEmpty) = (_whenEmpty, null);
        }

        whenEmpty?.Invoke();
    }

    /// <summary>This connection's handler waits for the drain: the drain must not wait for it.</summary>
    public void DoNotWaitFor(Connection connection)
    {
        lock (_gate)
        {
            _notWaitedFor.Add(connection);
            CheckDrained();
        }
    }

    /// <summary>Waits until everybody has left, the time is up, or somebody will not wait any longer.</summary>
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

    /// <summary>Calls back once the table is empty.</summary>
    public void WhenEmpty(Action action)
    {
        lock (_gate)
        {
            if (_count > 0)
            {
                _whenEmpty += action;
                return;
            }
        }

        action();
    }

    public void AbortAll(CloseReason reason)
    {
        foreach (Connection connection in Snapshot())
            connection.Abort(reason);
    }

    /// <summary>Who is still here, except those who wait themselves.</summary>
    public IReadOnlyList<Straggler> Describe(long now) =>
        [.. Snapshot().Select(connection => new Straggler(
            connection.Id, connection.RemoteEndPoint, connection.Activity ?? connection.DescribeActivity(),
            TimeSpan.FromMilliseconds(now - connection.StartedAt), connection.BytesReceived, connection.BytesSent))];

    private static bool IsKeptOut(PeerKey peer, PenaltyTable penalties) =>
        penalties.Count > 0 && !peer.IsNone && penalties.IsRefused(peer.ToAddress());

    private bool TryCount(PeerKey peer)
    {
        if (limits.MaxPerAddress is not { } most || peer.IsNone)
            return true;
        int held = _perAddress.GetValueOrDefault(peer.Range);
        if (held >= most)
            return false;
        _perAddress[peer.Range] = held + 1;
        return true;
    }

    private void Uncount(PeerKey peer)
    {
        if (limits.MaxPerAddress is null || peer.IsNone || !_perAddress.TryGetValue(peer.Range, out int held))
            return;
        if (held > 1)
            _perAddress[peer.Range] = held - 1;
        else
            _perAddress.Remove(peer.Range);
    }

    private List<Connection> Snapshot()
    {
        lock (_gate)
        {
            var all = new List<Connection>(_count);
            for (Connection? each = _first; each is not null; each = each.ListNext)
            {
                if (!_notWaitedFor.Contains(each))
                    all.Add(each);
            }

            return all;
        }
    }

    private void CheckDrained()
    {
        if (_count <= _notWaitedFor.Count)
            _drained?.TrySetResult();
    }
}
