namespace Dialtone.Chat;

/// <summary>The chat could not be joined, or served.</summary>
/// <param name="reason">What to branch on.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="inner">What lies behind it, for logs.</param>
public sealed class ChatException(ChatError reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to branch on.</summary>
    public ChatError Reason { get; } = reason;
}
