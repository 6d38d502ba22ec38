namespace Dialtone.Chat;

/// <summary>Who is in a room.</summary>
/// <param name="Names">Some of them: all, where there are not more than the server tells at once.</param>
/// <param name="Count">How many there are.</param>
public sealed record ChatCrowd(IReadOnlyList<string> Names, int Count);
