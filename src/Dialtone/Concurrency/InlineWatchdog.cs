using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Notices an inline handler that keeps its event loop, and says so once per occasion.</summary>
internal sealed class InlineWatchdog(IReadOnlyList<EpollLoop> loops, TimeSpan limit, ILogger logger, Func<bool> hasCallers) : IDeadline
{
    private readonly long _interval = Math.Max(1, (long)limit.TotalMilliseconds);
    private readonly (long Turn, long Since, bool Told)[] _seen = new (long, long, bool)[loops.Count];

    IDeadline? IDeadline.Next { get; set; }

    IDeadline? IDeadline.Previous { get; set; }

    long IDeadline.DueTick { get; set; }

    bool IDeadline.IsCoarse => true;

    /// <summary>Looks at every loop; stops looking while nobody is connected.</summary>
    public long OnDue(long now)
    {
        for (int i = 0; i < loops.Count; i++)
        {
            long turn = loops[i].Turn;
            bool isInCallbacks = (turn & 1) == 1;
            if (turn != _seen[i].Turn || !isInCallbacks)
            {
                _seen[i] = (turn, now, false);
            }
            else if (!_seen[i].Told && now - _seen[i].Since >= _interval)
            {
                _seen[i].Told = true;
                logger.LoopBlocked(limit.TotalSeconds);
            }
        }

        return hasCallers() ? now + _interval : 0;
    }
}
