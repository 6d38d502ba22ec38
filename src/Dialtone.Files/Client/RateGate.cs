namespace Dialtone.Files;

/// <summary>Keeps what passes below a number of bytes per second: a bucket of a tenth of a second. Safe for many callers.</summary>
internal sealed class RateGate(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _freeAt; // the timestamp at which all that has passed would have passed at the rate; under _gate

    /// <summary>The most bytes to pass in one step, so that the line is not idle and then flooded.</summary>
    public int StepBytes { get; } = (int)Math.Clamp(bytesPerSecond / 10, 1, TransferBuffers.Large);

    /// <summary>Waits until so many bytes may pass.</summary>
    public ValueTask PassAsync(long bytes, CancellationToken cancellationToken)
    {
        long wait;
        lock (_gate)
        {
            long now = time.GetTimestamp();
            long slack = time.TimestampFrequency / 10;
            _freeAt = Math.Max(_freeAt, now - slack) + (long)((double)bytes / bytesPerSecond * time.TimestampFrequency);
            wait = _freeAt - now;
        }

        return wait <= 0 ? default : new ValueTask(Task.Delay(time.GetElapsedTime(0, wait), time, cancellationToken));
    }
}
