namespace Dialtone.Chat;

/// <summary>A room, as the operator sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NeedsPassword">Whether it has a password.</param>
/// <param name="Members">How many are in it.</param>
public sealed record ChatRoomInfo(string Name, bool NeedsPassword, int Members);
