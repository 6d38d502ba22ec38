namespace Dialtone;

/// <summary>A timer of <see cref="FakeTimeProvider"/>, which owns its fields and guards them.</summary>
internal sealed class FakeTimer(FakeTimeProvider clock, TimerCallback callback, object? state) : ITimer
{
    public static IComparer<FakeTimer> ByDueTime { get; } = Comparer<FakeTimer>.Create(
        static (one, other) => (one.DueTime, one.Arming).CompareTo((other.DueTime, other.Arming)));

    // A timer flows the context of whoever made it into its callback.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public TimeSpan DueTime { get; set; }

    public TimeSpan Period { get; set; }

    public long Arming { get; set; }

    public bool IsDisposed { get; set; }

    public void Fire()
    {
        if (_context is null)
            callback(state);
        else
            ExecutionContext.Run(_context, static timer => ((FakeTimer)timer!).Invoke(), this);
    }

    public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Change(this, dueTime, period);

    public void Dispose() => clock.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    private void Invoke() => callback(state);
}
