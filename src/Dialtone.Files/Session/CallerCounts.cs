namespace Dialtone.Files;

/// <summary>What one account or one address has open. Shared by its sessions.</summary>
internal sealed class CallerCounts
{
    private int _transfers;

    /// <summary>Touched only under the lock of <see cref="CallerTable{TKey}"/>.</summary>
    internal int Sessions { get; set; }

    internal bool TryBeginTransfer(int most)
    {
        if (Interlocked.Increment(ref _transfers) <= most)
            return true;
        Interlocked.Decrement(ref _transfers);
        return false;
    }

    internal void EndTransfer() => Interlocked.Decrement(ref _transfers);
}

/// <summary>The counts of everybody who has a session, and of nobody else.</summary>
internal sealed class CallerTable<TKey>
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, CallerCounts> _counts = []; // under _gate

    /// <summary>Counts one session more; null if that would be too many.</summary>
    internal CallerCounts? TryOpen(TKey key, int most)
    {
        lock (_gate)
        {
            CallerCounts counts = _counts.GetValueOrDefault(key) ?? new CallerCounts();
            if (counts.Sessions >= most)
                return null;
            counts.Sessions++;
            _counts[key] = counts;
            return counts;
        }
    }

    internal void Close(TKey key)
    {
        lock (_gate)
        {
            if (_counts.TryGetValue(key, out CallerCounts? counts) && --counts.Sessions == 0)
                _counts.Remove(key);
        }
    }
}
