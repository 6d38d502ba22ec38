namespace Dialtone;

/// <summary>Something with a deadline. The links belong to the clock and are touched only under its lock.</summary>
internal interface IDeadline
{
    IDeadline? Next { get; set; }

    IDeadline? Previous { get; set; }

    /// <summary>Whether being a second or two late does not matter.</summary>
    bool IsCoarse => false;

    /// <summary>The tick at which to look; 0 while not scheduled.</summary>
    long DueTick { get; set; }

    /// <summary>Called at or after the due time, outside the lock: says when to look again, in milliseconds of the clock, or 0 for never.</summary>
    long OnDue(long now);
}

/// <summary>
/// One coarse clock for every deadline: a timing wheel on a <see cref="TimeProvider"/>, so that ten thousand connections cost one timer.
/// </summary>
/// <remarks>
/// A deadline is never met early, and late by at most a sixteenth of its length (at least 50 ms, at most a second): the timer ticks only as
/// often as what is scheduled asks for, since each tick wakes a thread that a busy machine has better use for. It stands still while nothing is.
/// </remarks>
internal sealed class DeadlineClock(TimeProvider time) : IDisposable
{
    private const int SlotMilliseconds = 50;
    private const int Slots = 512;
    private const int LongestPeriod = 1000;
    private const int Precision = 16;
    private const long WindowMilliseconds = 2000; // how long a wish for short periods holds

    private readonly Lock _gate = new();
    private readonly IDeadline?[] _wheel = new IDeadline?[Slots]; // under _gate; 50 ms a slot
    private readonly List<IDeadline> _due = [];                   // the timer callback's own, kept between ticks
    private readonly long _origin = time.GetTimestamp();
    private long _lastTick;                                       // under _gate
    private int _count;                                           // under _gate
    private ITimer? _timer;                                       // under _gate
    private bool _isRunning;                                      // under _gate
    private bool _isDisposed;                                     // under _gate
    private int _period = LongestPeriod;                          // under _gate; milliseconds between ticks
    private int _nextPeriod = LongestPeriod;                      // under _gate; the shortest asked for in this window
    private long _windowEnd;                                      // under _gate
    private int _slack = LongestPeriod;
    private int _isTicking;
    private long _coarseNow = 1;

    public TimeProvider Time => time;

    /// <summary>Milliseconds since the clock was made, at least 1.</summary>
    public long Now => (long)time.GetElapsedTime(_origin).TotalMilliseconds + 1;

    /// <summary>As <see cref="Now"/> at the last tick: cheap enough for every message; behind by at most <see cref="Slack"/> while deadlines are scheduled.</summary>
    public long CoarseNow => Volatile.Read(ref _coarseNow);

    /// <summary>How far, in milliseconds, a stamp taken from <see cref="CoarseNow"/> may be behind the truth.</summary>
    public int Slack => Volatile.Read(ref _slack);

    /// <summary>Asks for a look at <paramref name="at"/> (milliseconds of this clock), in place of an earlier request.</summary>
    public void Schedule(IDeadline deadline, long at)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            if (deadline.DueTick != 0)
                Unlink(deadline);
            long now = Now;
            Volatile.Write(ref _coarseNow, now);
            int wanted = deadline.IsCoarse ? LongestPeriod : (int)Math.Clamp((at - now) / Precision, SlotMilliseconds, LongestPeriod);
            _nextPeriod = Math.Min(_nextPeriod, wanted);
            if (!_isRunning)
            {
                _isRunning = true;
                _lastTick = now / SlotMilliseconds;
                SetPeriod(wanted);
            }
            else if (wanted < _period)
            {
                SetPeriod(wanted);
            }

            Link(deadline, Math.Max((at + SlotMilliseconds - 1) / SlotMilliseconds, _lastTick + 1));
        }
    }

    private void SetPeriod(int milliseconds)
    {
        Volatile.Write(ref _slack, Math.Max(_period, milliseconds)); // stamps of the old period are still about
        _period = milliseconds;
        var period = TimeSpan.FromMilliseconds(milliseconds);
        if (_timer is null)
            _timer = time.CreateTimer(static state => ((DeadlineClock)state!).Tick(), this, period, period);
        else
            _timer.Change(period, period);
    }

    /// <summary>Goes back to longer periods when nobody has asked for short ones for a while.</summary>
    private void Relax(long now)
    {
        if (now < _windowEnd)
            return;
        _windowEnd = now + WindowMilliseconds;
        if (_nextPeriod != _period)
            SetPeriod(_nextPeriod);
        else
            Volatile.Write(ref _slack, _period);
        _nextPeriod = LongestPeriod;
    }

    /// <summary>Forgets a deadline; one that is being looked at just now may still finish its look.</summary>
    public void Cancel(IDeadline deadline)
    {
        lock (_gate)
        {
            if (deadline.DueTick != 0)
                Unlink(deadline);
            deadline.DueTick = 0;
        }
    }

    private void Tick()
    {
        // A slow look must not overlap the next tick; what is missed is made up by the tick after it.
        if (Interlocked.Exchange(ref _isTicking, 1) == 1)
            return;
        try
        {
            long now = Now;
            lock (_gate)
            {
                if (_isDisposed)
                    return;
                Volatile.Write(ref _coarseNow, now);
                long tick = now / SlotMilliseconds;
                long first = Math.Max(_lastTick + 1, tick - Slots + 1); // after a long pause one turn of the wheel sees everything
                _lastTick = tick;
                for (long each = first; each <= tick; each++)
                    Collect(each % Slots, tick);
                if (_count == 0 && _due.Count == 0)
                {
                    _isRunning = false;
                    _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                }
                else
                {
                    Relax(now);
                }
            }

            foreach (IDeadline deadline in _due)
            {
                long next = deadline.OnDue(now);
                if (next > 0)
                    Schedule(deadline, Math.Max(next, now + 1));
            }

            _due.Clear();
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private void Collect(long slot, long tick)
    {
        IDeadline? deadline = _wheel[slot];
        while (deadline is not null)
        {
            IDeadline? next = deadline.Next;
            if (deadline.DueTick <= tick)
            {
                Unlink(deadline);
                deadline.DueTick = 0;
                _due.Add(deadline);
            }

            deadline = next;
        }
    }

    private void Link(IDeadline deadline, long tick)
    {
        long slot = tick % Slots;
        deadline.DueTick = tick;
        deadline.Previous = null;
        deadline.Next = _wheel[slot];
        if (deadline.Next is { } next)
            next.Previous = deadline;
        _wheel[slot] = deadline;
        _count++;
    }

    private void Unlink(IDeadline deadline)
    {
        if (deadline.Previous is { } previous)
            previous.Next = deadline.Next;
        else
            _wheel[deadline.DueTick % Slots] = deadline.Next;
        if (deadline.Next is { } next)
            next.Previous = deadline.Previous;
        deadline.Next = deadline.Previous = null;
        _count--;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }
}
