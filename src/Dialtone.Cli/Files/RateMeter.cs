namespace Dialtone.Cli;

/// <summary>How fast something grows: over the last few seconds, so that the figure neither jumps nor lags.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private readonly Queue<(long Time, long Value)> _samples = new([(time.GetTimestamp(), 0)]);

    /// <summary>Takes a value, and tells its growth per second.</summary>
    public double Add(long value)
    {
        long now = time.GetTimestamp();
        while (_samples.Count > 1 && time.GetElapsedTime(_samples.Peek().Time, now) > Window)
            _samples.Dequeue();
        (long start, long first) = _samples.Peek();
        _samples.Enqueue((now, value));
        double seconds = time.GetElapsedTime(start, now).TotalSeconds;
        return seconds > 0 ? Math.Max(0, (value - first) / seconds) : 0;
    }
}
