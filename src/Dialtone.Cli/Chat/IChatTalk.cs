using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>A conversation with a chat's server, in whatever it speaks.</summary>
internal interface IChatTalk : IAsyncDisposable
{
    /// <summary>The rest of what the native protocol can do; null where it is not spoken.</summary>
    ChatClient? Native { get; }

    /// <summary>What plain text goes to: a room, or with null the operator.</summary>
    string? Room { get; set; }

    /// <summary>What comes, to the end.</summary>
    IAsyncEnumerable<ChatEvent> ReadAllAsync(CancellationToken cancellationToken);

    /// <summary>Says something. What was begun first is heard first; completes when the server has it, where that can be known.</summary>
    Task<ChatReceipt> SendAsync(string text, string? room, string? to);
}
