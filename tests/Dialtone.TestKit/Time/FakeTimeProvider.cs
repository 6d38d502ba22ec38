namespace Dialtone;

/// <summary>A clock that moves only when it is told to. Timers fire inside <see cref="Advance"/>, each at exactly its due time and in order.</summary>
/// <remarks>
/// Thread-safe. Callbacks run on the thread that advances, outside the clock's lock, so they may create, change and dispose timers and read the
/// time. What a callback sets going on other threads is not waited for: await the outcome, or use <see cref="AdvanceUntilAsync"/>.
/// </remarks>
public sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly SortedSet<FakeTimer> _timers = new(FakeTimer.ByDueTime); // armed ones; under _gate
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;                                                // under _gate
    private TimeSpan _wallClockShift;                                         // under _gate
    private long _armings;                                                    // under _gate

    /// <summary>Makes a clock that stands at <paramref name="start"/>; by default at the beginning of the year 2000.</summary>
    public FakeTimeProvider(DateTimeOffset? start = null) => _start = start ?? new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Timestamps count ticks of 100 ns.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>UTC, wherever the test runs.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How far the clock has been advanced.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
                return _elapsed;
        }
    }

    /// <summary>Timers that are armed now.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
                return _timers.Count;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed.Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _start + _elapsed + _wallClockShift;
    }

    /// <summary>Moves the clock, firing what falls due on the way; a callback sees the clock at its own due time.</summary>
    /// <param name="by">How far; zero fires what is due already.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target;
        lock (_gate)
            target = _elapsed + by;
        while (TakeDue(target) is { } timer)
            timer.Fire();
    }

    /// <summary>Sets the wall clock forward or back, as an operator or NTP would: timers and timestamps are not moved.</summary>
    public void ShiftWallClock(TimeSpan by)
    {
        lock (_gate)
            _wallClockShift += by;
    }

    /// <summary>Advances in steps until the task is done, giving other threads a moment of real time between steps.</summary>
    /// <param name="task">What to wait for; its exception, if any, is thrown here.</param>
    /// <param name="step">How far each step goes. Default one second.</param>
    /// <param name="within">The real time this may take. Default 10 s.</param>
    /// <exception cref="TestKitException">The task was not done in time.</exception>
    public async Task AdvanceUntilAsync(Task task, TimeSpan? step = null, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        long started = System.GetTimestamp();
        TimeSpan limit = within ?? TimeSpan.FromSeconds(10);
        while (!task.IsCompleted)
        {
            Advance(step ?? TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(1)));
            if (!task.IsCompleted && System.GetElapsedTime(started) > limit)
                throw new TestKitException(TestKitError.Deadline, $"Not done after {Elapsed} on this clock and {limit} of real time.");
        }

        await task;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Arms, rearms or disarms; false once the timer is disposed.</summary>
    internal bool Change(FakeTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        ThrowIfNotATimersTime(dueTime);
        ThrowIfNotATimersTime(period);
        lock (_gate)
        {
            if (timer.IsDisposed)
                return false;
            _timers.Remove(timer);
            timer.Period = period;
            if (dueTime >= TimeSpan.Zero)
                Arm(timer, _elapsed + dueTime);
        }

        // As with a real timer, "now" is soon and elsewhere: never inside the call that asked for it.
        if (dueTime == TimeSpan.Zero)
            ThreadPool.UnsafeQueueUserWorkItem(static clock => clock.Advance(TimeSpan.Zero), this, preferLocal: false);
        return true;
    }

    internal void Remove(FakeTimer timer)
    {
        lock (_gate)
        {
            timer.IsDisposed = true;
            _timers.Remove(timer);
        }
    }

    /// <summary>Takes the next timer due by <paramref name="target"/> and moves the clock to it; when there is none, to the target.</summary>
    private FakeTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            if (_timers.Min is not { } timer || timer.DueTime > target)
            {
                _elapsed = Later(_elapsed, target);
                return null;
            }

            _timers.Remove(timer);
            _elapsed = Later(_elapsed, timer.DueTime); // a callback may have advanced further meanwhile
            if (timer.Period > TimeSpan.Zero)
                Arm(timer, timer.DueTime + timer.Period);
            return timer;
        }
    }

    private void Arm(FakeTimer timer, TimeSpan dueTime)
    {
        timer.DueTime = dueTime;
        timer.Arming = ++_armings; // those due at the same time fire in the order they were armed
        _timers.Add(timer);
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static void ThrowIfNotATimersTime(TimeSpan time)
    {
        if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(time), time, "A timer's time is not negative, or is Timeout.InfiniteTimeSpan.");
    }
}
