namespace Dialtone.Chat;

/// <summary>A room of a chat.</summary>
/// <param name="Name">Its name; the same rules as for people's names.</param>
public sealed record ChatRoomOptions(string Name)
{
    /// <summary>Proves the password whoever enters has to know; null for a room open to all. The password itself is kept nowhere.</summary>
    public ScramVerifier? Password { get; init; }
}
