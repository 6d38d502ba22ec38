namespace Dialtone;

/// <summary>Calling again when nobody answers: the pause doubles each time, and half of it is chance, so that many clients do not return as one.</summary>
public sealed record DialRetry
{
    /// <summary>Calls in all, the first included. Default 5. At least 1.</summary>
    public int Attempts { get; init => field = Require.Positive(value); } = 5;

    /// <summary>The longest first pause. Default 200 ms.</summary>
    public TimeSpan FirstDelay { get; init => field = Require.Positive(value); } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause of all. Default 10 s.</summary>
    public TimeSpan MaxDelay { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after so many failed calls: between half and all of what doubling gives.</summary>
    internal TimeSpan DelayAfter(int failures)
    {
        double most = Math.Min(MaxDelay.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(2, failures - 1));
        return TimeSpan.FromMilliseconds(most * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>Whether another call may find what this one did not.</summary>
    internal static bool IsWorthwhile(TransportError reason) =>
        reason is TransportError.Refused or TransportError.TimedOut or TransportError.PeerReset or TransportError.OutOfResources;
}
