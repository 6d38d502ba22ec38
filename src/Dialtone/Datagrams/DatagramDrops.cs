namespace Dialtone;

/// <summary>Counts datagrams that were lost on purpose, by reason. docs/observability.md lists the reasons.</summary>
internal static class DatagramDrops
{
    private static readonly KeyValuePair<string, object?> SessionQueueFullTag = new("reason", "SessionQueueFull");
    private static readonly KeyValuePair<string, object?> SessionEndedTag = new("reason", "SessionEnded");
    private static readonly KeyValuePair<string, object?> UnnamedTag = new("reason", "Unnamed");
    private static readonly KeyValuePair<string, object?> ReplyQueueFullTag = new("reason", "ReplyQueueFull");
    private static readonly KeyValuePair<string, object?> ReplyFailedTag = new("reason", "ReplyFailed");
    private static readonly KeyValuePair<string, object?>[] Tags =
        [.. Enum.GetValues<CloseReason>().Select(static reason => new KeyValuePair<string, object?>("reason", reason.ToString()))];

    /// <summary>No room under the policy, in memory, or in time.</summary>
    public static void Count(CloseReason reason) => Instruments.Shared.DatagramsDropped.Add(1, Tags[(int)reason]);

    /// <summary>A session's queue was full and its oldest made room.</summary>
    public static void SessionQueueFull() => Instruments.Shared.DatagramsDropped.Add(1, SessionQueueFullTag);

    /// <summary>A session ended before its handler had read everything.</summary>
    public static void SessionEnded() => Instruments.Shared.DatagramsDropped.Add(1, SessionEndedTag);

    /// <summary>It came from a Unix socket without a name, which no session can belong to.</summary>
    public static void Unnamed() => Instruments.Shared.DatagramsDropped.Add(1, UnnamedTag);

    /// <summary>Whether a reply left; counts it if not.</summary>
    public static bool Counted(SendOutcome outcome)
    {
        if (outcome != SendOutcome.Sent)
            Reply(outcome);
        return outcome == SendOutcome.Sent;
    }

    /// <summary>A reply could not leave.</summary>
    public static void Reply(SendOutcome outcome) =>
        Instruments.Shared.DatagramsDropped.Add(1, outcome == SendOutcome.QueueFull ? ReplyQueueFullTag : ReplyFailedTag);
}
