namespace Dialtone.Chat;

/// <summary>A room to enter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Password">Its password; null for an open one.</param>
public sealed record ChatRoomEntry(string Name, string? Password = null);
