namespace Dialtone.Chat;

/// <summary>How a <see cref="ChatClient"/> joins.</summary>
public sealed record ChatClientOptions
{
    /// <summary>The name asked for. Default the user's.</summary>
    public string? Name { get; init; }

    /// <summary>The rooms to enter. Default none: then there are direct messages, and the operator.</summary>
    public IReadOnlyList<ChatRoomEntry> Rooms { get; init; } = [];

    /// <summary>The account to log in with, where the server asks for one. Default none.</summary>
    public string? User { get; init; }

    /// <summary>The account's password; it never leaves this process.</summary>
    public string? Password { get; init; }

    /// <summary>How the server is called, and whom to trust.</summary>
    public DialOptions Dial { get; init; } = new();

    /// <summary>Where datagrams go. Default: the host that was called, at the port it says.</summary>
    public Address? Datagrams { get; init; }

    /// <summary>The bounds of the datagrams.</summary>
    public FlowOptions Flow { get; init; } = new();

    /// <summary>How long the whole join may take, beyond the call itself. Default 30 s: others may be having their passwords checked.</summary>
    public TimeSpan JoinTime { get; init => field = Check.Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>Events that may wait for their reader; beyond that, nothing more is taken from the server, answers to one's own messages included. Default 4,096. At least 1.</summary>
    public int MaxWaitingEvents { get; init => field = Check.InRange(value, 1); } = 4096;
}
