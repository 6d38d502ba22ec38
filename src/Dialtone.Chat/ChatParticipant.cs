using System.Net;

namespace Dialtone.Chat;

/// <summary>Somebody who is here. Ten thousand may be, most of them silent, so it is small: what can be shared is.</summary>
internal sealed class ChatParticipant(string? name, string? account, IChatLine line, long now)
{
    private string? _name = name;
    private long _paidUntil; // by the generic cell rate algorithm: a token bucket in one number

    /// <summary>The name; for a plain sender the address, which may be a path that says anything.</summary>
    public string Name => _name ??= line.Address is IPEndPoint ip ? ip.ToString() : Printable.Of(line.Address?.ToString() ?? "?");

    public string? Account => account;

    public IChatLine Line => line;

    /// <summary>The rooms it is in; replaced, never changed. Shared by all who are in just one.</summary>
    public ChatRoom[] Rooms { get; set; } = [];

    /// <summary>Unix time in milliseconds.</summary>
    public long Since { get; } = now;

    /// <summary>Unix time in milliseconds.</summary>
    public long Seen { get; set; } = now;

    /// <summary>Its messages that wait for the operator; under the desk's lock.</summary>
    public int Unanswered { get; set; }

    public bool IsMuted { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>Whether the operator has ever answered: then it is more than a claimed address.</summary>
    public bool WasAnswered { get; set; }

    public void Rename(string newName) => _name = newName;

    /// <summary>Takes a token.</summary>
    /// <param name="timestamp">Microseconds of a clock that only goes forward.</param>
    /// <param name="interval">Between two tokens, in microseconds.</param>
    /// <param name="burst">The most tokens there are.</param>
    public bool TryPay(long timestamp, long interval, int burst) => Rate.TryPay(ref _paidUntil, timestamp, interval, burst);

    public bool IsIn(ChatRoom room) => Array.IndexOf(Rooms, room) >= 0;
}
