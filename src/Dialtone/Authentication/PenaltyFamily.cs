namespace Dialtone;

/// <summary>The penalties of one address family: bounded, ordered by their end.</summary>
internal sealed class PenaltyFamily(PenaltyOptions options)
{
    private const int MaxDoublings = 10;

    // 27 years: doubled ten times and added to any uptime it is still a TimeSpan.
    private static readonly TimeSpan LongestCap = TimeSpan.FromDays(10_000);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Entry> _entries = [];       // under _gate
    private readonly SortedSet<(TimeSpan End, ulong Key)> _ends = []; // under _gate; the same keys
    private volatile int _count;

    internal int Count => _count;

    private TimeSpan Cap => Least(options.Cap, LongestCap);

    internal bool IsRefused(ulong key, TimeSpan now)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out Entry entry))
                return entry.Enforced && entry.End > now;
            return options.Overflow == PenaltyOverflow.RefuseAll && _entries.Count >= options.MaxEntries && !Sweep(now);
        }
    }

    internal bool Charge(ulong key, TimeSpan cost, TimeSpan now)
    {
        lock (_gate)
        {
            Forget(now);
            bool known = _entries.TryGetValue(key, out Entry entry);
            if (known && entry.End + Cap <= now)
                entry = default;
            else if (known && entry.Enforced && entry.End <= now)
                entry = entry with { Enforced = false };
            if (!known && _entries.Count >= options.MaxEntries && !Sweep(now) && !MakeRoom())
                return false;

            TimeSpan start = entry.End > now ? entry.End : now;
            TimeSpan grown = Least(cost, Cap) * (1 << Math.Min(entry.Strikes, MaxDoublings));
            TimeSpan end = Least(start + grown, now + Cap);
            bool enforced = entry.Enforced || end - now > options.Threshold;
            int strikes = enforced && !entry.Enforced ? entry.Strikes + 1 : entry.Strikes;
            if (known)
                _ends.Remove((_entries[key].End, key));
            _entries[key] = new Entry(end, enforced, strikes);
            _ends.Add((end, key));
            _count = _entries.Count;
            return enforced;
        }
    }

    internal void Remove(ulong key)
    {
        lock (_gate)
        {
            if (_entries.Remove(key, out Entry entry))
                _ends.Remove((entry.End, key));
            _count = _entries.Count;
        }
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    // A few at a time: each charge adds at most one entry and takes away two that nobody remembers.
    private void Forget(TimeSpan now)
    {
        for (int i = 0; i < 2 && _ends.Count > 0 && _ends.Min is var first && first.End + Cap <= now; i++)
        {
            _ends.Remove(first);
            _entries.Remove(first.Key);
        }
    }

    // Whether anything went: only penalties that are over make room of their own accord.
    private bool Sweep(TimeSpan now)
    {
        int before = _entries.Count;
        while (_ends.Count > 0 && _ends.Min is var first && first.End <= now)
        {
            _ends.Remove(first);
            _entries.Remove(first.Key);
        }
        _count = _entries.Count;
        return _entries.Count < before;
    }

    private bool MakeRoom()
    {
        if (options.Overflow == PenaltyOverflow.RefuseAll)
            return false;
        (TimeSpan End, ulong Key) soonest = _ends.Min;
        _ends.Remove(soonest);
        _entries.Remove(soonest.Key);
        return true;
    }

    private readonly record struct Entry(TimeSpan End, bool Enforced, int Strikes);
}
