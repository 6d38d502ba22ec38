namespace Dialtone;

/// <summary>How a caller's attempt at the door ended.</summary>
internal enum DoorOutcome
{
    Proven,
    Wrong,
    Left,
    TooSlow,
}
