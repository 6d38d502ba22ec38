using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Counts every refusal and logs one a second for each reason, so that a flood does not fill the disk.</summary>
internal sealed class RejectionLog(ILogger logger, DeadlineClock clock)
{
    private const long IntervalMilliseconds = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<CloseReason, (long LoggedAt, long Suppressed)> _last = []; // under _gate

    public void Rejected(EndPoint? remote, CloseReason reason)
    {
        Instruments.Shared.Rejected.Add(1, Instruments.Reason(reason));
        long suppressed;
        lock (_gate)
        {
            long now = clock.Now;
            if (_last.TryGetValue(reason, out (long LoggedAt, long Suppressed) last) && now - last.LoggedAt < IntervalMilliseconds)
            {
                _last[reason] = last with { Suppressed = last.Suppressed + 1 };
                return;
            }

            suppressed = last.Suppressed;
            _last[reason] = (now, 0);
        }

        logger.Rejected(remote, reason, suppressed);
    }
}
