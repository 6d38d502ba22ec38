namespace Dialtone.Chat;

/// <summary>A page of a room's history.</summary>
/// <param name="Messages">Oldest first.</param>
/// <param name="HasMore">Whether there are older ones: ask for those before the first of these.</param>
public sealed record ChatPage(IReadOnlyList<ChatMessage> Messages, bool HasMore);
