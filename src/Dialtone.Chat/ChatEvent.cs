namespace Dialtone.Chat;

/// <summary>Something that comes to somebody: a <see cref="ChatMessage"/>, a <see cref="ChatPresence"/>, a <see cref="ChatDelivery"/> or a <see cref="ChatNotice"/>.</summary>
public abstract record ChatEvent;
