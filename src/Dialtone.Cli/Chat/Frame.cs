namespace Dialtone.Cli;

/// <summary>What the whole screen shows: exactly as many rows as it has, none wider than it, and where the cursor stands.</summary>
internal sealed record Frame(IReadOnlyList<ScreenText> Rows, int CursorRow, int CursorColumn);
