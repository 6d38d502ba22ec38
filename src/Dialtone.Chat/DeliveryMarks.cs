namespace Dialtone.Chat;

/// <summary>Counts what becomes of one message, and tells its sender: at the end, and in between when the hub's clock asks.</summary>
internal sealed class DeliveryMarks(ChatHub hub, ChatParticipant? sender, long messageId, string? room, int of)
{
    private const long OneFailed = 1L << 32;
    private Action<FlowEnd>? _flowOutcome;
    private long _state; // delivered in the lower half, failed in the upper
    private long _told;  // the state last told; whoever reports owns it
    private int _reports;

    /// <summary>One delegate for all recipients.</summary>
    public Action<FlowEnd> FlowOutcome => _flowOutcome ??= end => Tell(end == FlowEnd.None);

    public bool IsWhole => Sum(Volatile.Read(ref _state)) == of;

    public void Tell(bool isDelivered)
    {
        if (Sum(Interlocked.Add(ref _state, isDelivered ? 1 : OneFailed)) == of)
            Report();
    }

    /// <summary>Tells how far it is, if that is news. Whoever comes while another reports leaves it to that one, so that the last word is the last told.</summary>
    public void Report()
    {
        if (Interlocked.Increment(ref _reports) > 1)
            return;
        int seen = 1;
        do
        {
            seen = Volatile.Read(ref _reports);
            long state = Volatile.Read(ref _state);
            if (state != _told || of == 0)
            {
                _told = state;
                hub.TellMarks(sender, new ChatDelivery(messageId, room, (int)(state & uint.MaxValue), (int)(state >> 32), of));
            }
        }
        while (Interlocked.Add(ref _reports, -seen) > 0);
    }

    private static int Sum(long state) => (int)(state & uint.MaxValue) + (int)(state >> 32);
}
