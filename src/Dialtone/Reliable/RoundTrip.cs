namespace Dialtone;

/// <summary>The time after which an unanswered segment is sent again (RFC 6298), in microseconds.</summary>
internal struct RoundTrip
{
    /// <summary>Before anything was measured, and the most it ever becomes: this is for people and commands, not for bulk over bad lines.</summary>
    public const int MaxMicroseconds = 1_000_000;

    private const int MinMicroseconds = 100_000; // four times the longest an ack waits on purpose
    private int _smoothed;
    private int _variation;
    private int _backOff;

    /// <summary>The smoothed round trip; 0 before the first sample.</summary>
    public readonly int Smoothed => _smoothed;

    public readonly int Timeout
    {
        get
        {
            long timeout = _smoothed == 0 ? MaxMicroseconds : Math.Max(MinMicroseconds, _smoothed + (4L * _variation));
            return (int)Math.Min(MaxMicroseconds, timeout << _backOff);
        }
    }

    /// <summary>Takes the time between a segment that was sent once and its acknowledgement.</summary>
    public void Sample(long microseconds)
    {
        var sample = (int)Math.Clamp(microseconds, 1, 60 * MaxMicroseconds);
        if (_smoothed == 0)
        {
            (_smoothed, _variation) = (sample, sample / 2);
        }
        else
        {
            _variation += (Math.Abs(_smoothed - sample) - _variation) / 4;
            _smoothed += (sample - _smoothed) / 8;
        }

        _backOff = 0;
    }

    /// <summary>Doubles the timeout until the next sample.</summary>
    public void BackOff() => _backOff = Math.Min(_backOff + 1, 8);
}
