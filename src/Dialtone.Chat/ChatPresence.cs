namespace Dialtone.Chat;

/// <summary>Somebody came to a room, or left it. Not told in rooms with more members than <see cref="ChatLimits.MaxPresenceMembers"/>.</summary>
/// <param name="Room">The room.</param>
/// <param name="Name">Who.</param>
/// <param name="IsHere">Whether they are there now.</param>
/// <param name="At">When.</param>
public sealed record ChatPresence(string Room, string Name, bool IsHere, DateTimeOffset At) : ChatEvent;
