namespace Dialtone.Chat;

/// <summary>A token bucket in one number (the generic cell rate algorithm): the time until which everything so far is paid for.</summary>
internal static class Rate
{
    /// <summary>Takes a token; safe for many threads.</summary>
    /// <param name="paidUntil">The bucket; 0 is a full one.</param>
    /// <param name="now">Microseconds of a clock that only goes forward.</param>
    /// <param name="interval">Between two tokens, in microseconds.</param>
    /// <param name="burst">The most tokens there are.</param>
    public static bool TryPay(ref long paidUntil, long now, long interval, int burst)
    {
        while (true)
        {
            long before = Volatile.Read(ref paidUntil);
            long from = Math.Max(before, now);
            if (from - now > (burst - 1) * interval)
                return false;
            if (Interlocked.CompareExchange(ref paidUntil, from + interval, before) == before)
                return true;
        }
    }
}
