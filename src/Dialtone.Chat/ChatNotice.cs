namespace Dialtone.Chat;

/// <summary>A sentence of the hub's own.</summary>
/// <param name="Text">The sentence.</param>
public sealed record ChatNotice(string Text) : ChatEvent;
