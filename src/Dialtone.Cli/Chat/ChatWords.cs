using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>Why something was not done, to whoever wanted it.</summary>
internal static class ChatWords
{
    public static string Of(ChatError error) => error switch
    {
        ChatError.TooFast => "too many in too short a time; wait a moment",
        ChatError.TooLong => "it is too long",
        ChatError.TooManyUnanswered => "the operator has to answer what you asked first",
        ChatError.Muted => "the operator has muted you",
        ChatError.Blocked => "the operator does not let you in",
        ChatError.NameTaken => "the name is taken",
        ChatError.BadName => "that cannot be a name",
        ChatError.NoSuchName => "nobody of that name is here",
        ChatError.NoSuchRoom => "there is no such room",
        ChatError.WrongPassword => "that is not the room's password",
        ChatError.Busy => "the server is busy; try again",
        ChatError.Full => "no more are let in",
        ChatError.NotInRoom => "you are not in that room",
        ChatError.Stopping => "the server is stopping",
        ChatError.Unreachable => "not delivered",
        _ => "the server refused it",
    };
}
