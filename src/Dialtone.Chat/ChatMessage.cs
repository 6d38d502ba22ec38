using System.Net;

namespace Dialtone.Chat;

/// <summary>What somebody said. Text and names are as they came: whoever shows them escapes what could move a cursor.</summary>
public sealed record ChatMessage : ChatEvent
{
    /// <summary>Its number; later messages of a hub have higher ones, also after a restart with the same history file.</summary>
    public required long Id { get; init; }

    /// <summary>When the hub took it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who said it: a name, the address of a plain sender, or <see cref="ChatHub.Operator"/>.</summary>
    public required string From { get; init; }

    /// <summary>What was said; may be empty, and may hold any character.</summary>
    public required string Text { get; init; }

    /// <summary>The room it was said in; null for a direct message.</summary>
    public string? Room { get; init; }

    /// <summary>To whom: a name, an address, or <see cref="ChatHub.Operator"/>; null for what was said in a room.</summary>
    public string? To { get; init; }

    /// <summary>Where the sender is. Only the operator is told; null to everybody else, and in history.</summary>
    public EndPoint? Address { get; init; }

    /// <summary>Whether the sender's address is proven: false for plain datagrams, whose address anybody could have claimed.</summary>
    public bool IsVerified { get; init; }

    /// <summary>Whether a plain sender's text was longer than <see cref="ChatLimits.MaxTextBytes"/>: this is its beginning.</summary>
    public bool IsCut { get; init; }
}
