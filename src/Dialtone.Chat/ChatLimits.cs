namespace Dialtone.Chat;

/// <summary>The bounds of a chat. Each holds for whoever has not logged in as for whoever has.</summary>
public sealed record ChatLimits
{
    /// <summary>Messages and requests of one sender per second, in the long run. Default 10. At least 1.</summary>
    public int MessagesPerSecond { get; init => field = Check.InRange(value, 1); } = 10;

    /// <summary>Messages and requests of one sender at once after a silence. Default 20. At least 1.</summary>
    public int Burst { get; init => field = Check.InRange(value, 1); } = 20;

    /// <summary>The longest text, in bytes of UTF-8. Default 4,096. 1 to 32,768.</summary>
    public int MaxTextBytes { get; init => field = Check.InRange(value, 1, 32 * 1024); } = 4096;

    /// <summary>Messages of one sender that wait for the operator's answer. Default 16. At least 1.</summary>
    public int MaxUnanswered { get; init => field = Check.InRange(value, 1); } = 16;

    /// <summary>
    /// Messages of all senders that wait for the operator's answer. Default 10,000. Where more come, the oldest one from a plain sender who has never been
    /// answered makes room; where there is none, the new one is refused. At least 1.
    /// </summary>
    public int MaxUnansweredInAll { get; init => field = Check.InRange(value, 1); } = 10_000;

    /// <summary>
    /// Memory for the texts that wait for the operator's answer, in bytes; where they take more, the same makes room. Default 16 MiB. At least 64 KiB.
    /// </summary>
    public int MaxUnansweredBytes { get; init => field = Check.InRange(value, 64 * 1024); } = 16 * 1024 * 1024;

    /// <summary>Rooms one participant may be in. Default 16. At least 1.</summary>
    public int MaxRooms { get; init => field = Check.InRange(value, 1); } = 16;

    /// <summary>Participants with a name at a time. Default 10,000. At least 1.</summary>
    public int MaxParticipants { get; init => field = Check.InRange(value, 1); } = 10_000;

    /// <summary>Addresses of plain senders that are remembered. Default 10,000. Of those never answered, the least recently seen makes room. At least 1.</summary>
    public int MaxPlainAddresses { get; init => field = Check.InRange(value, 1); } = 10_000;

    /// <summary>
    /// Answers to plain senders at one IP address (IPv6: in one /64) per second, and twice as many at once: whoever claims another's address cannot have it
    /// flooded. Default 10. At least 1.
    /// </summary>
    public int AnswersPerSecond { get; init => field = Check.InRange(value, 1); } = 10;

    /// <summary>The longest answer to a plain sender, in bytes. Default 1,024, since the tutorials' programs read no more. 1 to 65,507.</summary>
    public int MaxAnswerBytes { get; init => field = Check.InRange(value, 1, 65_507); } = 1024;

    /// <summary>Members of a room up to which it is told who comes and goes; in a larger one that would cost the square of its size. Default 100. At least 0.</summary>
    public int MaxPresenceMembers { get; init => field = Check.InRange(value, 0); } = 100;

    /// <summary>Messages of each room, and of the operator's own conversations, that are remembered. Default 1,000. At least 1.</summary>
    public int HistoryMessages { get; init => field = Check.InRange(value, 1); } = 1000;

    /// <summary>Events that wait for whoever reads <see cref="ChatDesk.ReadAllAsync"/>; beyond that the oldest are left out, and it is told how many. Default 4,096. At least 1.</summary>
    public int MaxWaitingEvents { get; init => field = Check.InRange(value, 1); } = 4096;
}
