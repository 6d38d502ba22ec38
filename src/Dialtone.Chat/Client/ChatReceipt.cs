namespace Dialtone.Chat;

/// <summary>What the hub said to a message.</summary>
/// <param name="Id">Its number, if it was taken: the events of its delivery carry it.</param>
/// <param name="Error">Why it was not; <see cref="ChatError.None"/> if it was. <see cref="ChatError.Unreachable"/> if the connection was lost first.</param>
public readonly record struct ChatReceipt(long Id, ChatError Error)
{
    /// <summary>Whether the hub has it.</summary>
    public bool IsTaken => Error == ChatError.None;
}
