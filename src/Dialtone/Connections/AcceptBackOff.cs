namespace Dialtone;

/// <summary>How long to leave the listener alone when descriptors or memory have run out: 5 ms, doubling to 1 s; told once a second.</summary>
internal sealed class AcceptBackOff(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private TimeSpan _delay;
    private long _loggedAt;

    public TimeSpan Failed(out bool shouldLog)
    {
        _delay = _delay == TimeSpan.Zero ? Shortest : _delay * 2 > Longest ? Longest : _delay * 2;
        shouldLog = _loggedAt == 0 || time.GetElapsedTime(_loggedAt) >= Longest;
        if (shouldLog)
            _loggedAt = time.GetTimestamp();
        return _delay;
    }

    /// <summary>An accept worked: true when it is the first since a failure.</summary>
    public bool Succeeded()
    {
        bool recovered = _delay != TimeSpan.Zero;
        _delay = TimeSpan.Zero;
        return recovered;
    }

    public async Task WaitAsync(TimeSpan delay, CancellationToken stopping) =>
        await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
