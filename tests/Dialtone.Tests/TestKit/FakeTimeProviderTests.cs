namespace Dialtone.Tests.TestKit;

public sealed class FakeTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void The_clock_stands_still_until_it_is_advanced()
    {
        DateTimeOffset before = _time.GetUtcNow();
        long timestamp = _time.GetTimestamp();

        Assert.Equal(before, _time.GetUtcNow());
        _time.Advance(90 * Second);

        Assert.Equal(before + (90 * Second), _time.GetUtcNow());
        Assert.Equal(90 * Second, _time.GetElapsedTime(timestamp));
    }

    [Fact]
    public void Timers_fire_in_the_order_they_fall_due_and_each_sees_its_own_time()
    {
        using ITimer late = After(3 * Second, "late");
        using ITimer early = After(1 * Second, "early");
        using ITimer middle = After(2 * Second, "middle");

        _time.Advance(10 * Second);

        Assert.Equal(["early at 1", "middle at 2", "late at 3"], _fired);
        Assert.Equal(10 * Second, _time.Elapsed);
    }

    [Fact]
    public void Timers_due_at_the_same_time_fire_in_the_order_they_were_set()
    {
        using ITimer one = After(Second, "one");
        using ITimer two = After(Second, "two");
        one.Change(Second, Timeout.InfiniteTimeSpan);

        _time.Advance(Second);

        Assert.Equal(["two at 1", "one at 1"], _fired);
    }

    [Fact]
    public void A_timer_does_not_fire_a_tick_early()
    {
        using ITimer timer = After(Second, "timer");

        _time.Advance(Second - TimeSpan.FromTicks(1));
        Assert.Empty(_fired);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Single(_fired);
    }

    [Fact]
    public void A_periodic_timer_fires_at_every_period_of_one_long_advance()
    {
        using ITimer timer = _time.CreateTimer(Note, "tick", Second, 2 * Second);

        _time.Advance(6 * Second);

        Assert.Equal(["tick at 1", "tick at 3", "tick at 5"], _fired);
        Assert.Equal(1, _time.ActiveTimers);
    }

    [Fact]
    public void A_timer_without_a_period_fires_once()
    {
        using ITimer never = _time.CreateTimer(Note, "infinite", Second, Timeout.InfiniteTimeSpan);
        using ITimer zero = _time.CreateTimer(Note, "zero", Second, TimeSpan.Zero);

        _time.Advance(10 * Second);

        Assert.Equal(["infinite at 1", "zero at 1"], _fired);
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void Changing_a_timer_replaces_its_time_and_counts_from_now()
    {
        using ITimer timer = After(Second, "timer");
        _time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.True(timer.Change(Second, Timeout.InfiniteTimeSpan));
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(_fired);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Single(_fired);
    }

    [Fact]
    public void A_timer_set_to_infinity_rests_until_it_is_changed_again()
    {
        using ITimer timer = After(Second, "timer");
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _time.Advance(10 * Second);
        Assert.Empty(_fired);

        timer.Change(Second, Timeout.InfiniteTimeSpan);
        _time.Advance(Second);

        Assert.Equal(["timer at 11"], _fired);
    }

    [Fact]
    public void A_disposed_timer_never_fires_and_cannot_be_changed()
    {
        ITimer timer = After(Second, "timer");
        timer.Dispose();

        Assert.False(timer.Change(Second, Second));
        _time.Advance(10 * Second);

        Assert.Empty(_fired);
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void A_callback_may_stop_its_own_periodic_timer()
    {
        ITimer timer = null!;
        timer = _time.CreateTimer(
            state =>
            {
                Note(state);
                if (_fired.Count == 2)
                    timer.Dispose();
            },
            "tick",
            Second,
            Second);

        _time.Advance(10 * Second);

        Assert.Equal(["tick at 1", "tick at 2"], _fired);
    }

    [Fact]
    public void A_timer_set_by_a_callback_fires_within_the_same_advance()
    {
        ITimer? second = null;
        using ITimer first = _time.CreateTimer(_ => second = After(Second, "second"), null, Second, Timeout.InfiniteTimeSpan);

        _time.Advance(2 * Second);

        Assert.Equal(["second at 2"], _fired);
        second!.Dispose();
    }

    [Fact]
    public async Task A_timer_due_now_fires_without_an_advance_and_outside_the_call_that_set_it()
    {
        var fired = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        int setter = Environment.CurrentManagedThreadId;
        bool isInside = true;
        bool wasInside = false;
        using ITimer timer = _time.CreateTimer(
            _ =>
            {
                wasInside = isInside && Environment.CurrentManagedThreadId == setter;
                fired.SetResult(0);
            },
            null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
        isInside = false;

        await fired.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.False(wasInside);
    }

    [Fact]
    public async Task Delays_and_cancellations_follow_the_clock()
    {
        Task delay = Task.Delay(5 * Second, _time);
        using var source = new CancellationTokenSource(3 * Second, _time);

        _time.Advance(3 * Second);
        Assert.True(source.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        _time.Advance(2 * Second);

        await delay.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Setting_the_wall_clock_back_moves_neither_timers_nor_timestamps()
    {
        using ITimer timer = After(Second, "timer");
        DateTimeOffset before = _time.GetUtcNow();

        _time.ShiftWallClock(TimeSpan.FromHours(-1));

        Assert.Equal(before - TimeSpan.FromHours(1), _time.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
        Assert.Empty(_fired);
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.Advance(-Second));
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.CreateTimer(Note, "", -Second, Second));
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.CreateTimer(Note, "", Second, -Second));
        Assert.Throws<ArgumentNullException>(() => _time.CreateTimer(null!, "", Second, Second));
    }

    [Fact]
    public async Task Advancing_until_a_task_is_done_ends_with_its_outcome()
    {
        await _time.AdvanceUntilAsync(Task.Delay(TimeSpan.FromHours(1), _time), TimeSpan.FromMinutes(10));
        Assert.True(_time.Elapsed >= TimeSpan.FromHours(1));

        TestKitException error = await Assert.ThrowsAsync<TestKitException>(
            () => _time.AdvanceUntilAsync(new TaskCompletionSource().Task, within: TimeSpan.FromMilliseconds(20)));
        Assert.Equal(TestKitError.Deadline, error.Reason);
    }

    [Fact]
    public async Task Many_threads_may_set_change_and_fire_timers_at_once()
    {
        int fired = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                ITimer timer = _time.CreateTimer(_ => Interlocked.Increment(ref fired), null, TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan);
                timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        })));
        _time.Advance(Second);

        Assert.Equal(4000, fired);
        Assert.Equal(0, _time.ActiveTimers);
    }

    private ITimer After(TimeSpan dueTime, string name) => _time.CreateTimer(Note, name, dueTime, Timeout.InfiniteTimeSpan);

    private void Note(object? name) => _fired.Add($"{name} at {_time.Elapsed.TotalSeconds}");
}
