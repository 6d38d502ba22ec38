namespace Dialtone.Chat;

/// <summary>The words that stand for errors on the wire and in the audit log, which never change, and the sentences for people.</summary>
internal static class ChatErrorCodes
{
    private static readonly (ChatError Error, string Code, string Sentence)[] Rows =
    [
        (ChatError.None, "", ""),
        (ChatError.TooFast, "too-fast", "Too many messages in too short a time; wait a moment."),
        (ChatError.TooLong, "too-long", "The text is too long."),
        (ChatError.TooManyUnanswered, "too-many-unanswered", "Wait for the operator to answer what you have asked."),
        (ChatError.Muted, "muted", "The operator has muted you: nobody hears what you say."),
        (ChatError.Blocked, "blocked", "The operator does not let you in."),
        (ChatError.NameTaken, "name-taken", "The name is taken; choose another."),
        (ChatError.BadName, "bad-name", "A name is 1 to 32 letters, digits and signs, without spaces, colons, slashes or control characters."),
        (ChatError.NoSuchName, "no-such-name", "Nobody of that name is here."),
        (ChatError.NoSuchRoom, "no-such-room", "There is no such room."),
        (ChatError.WrongPassword, "wrong-password", "The room needs its password."),
        (ChatError.Busy, "busy", "Too many passwords are being checked; try again in a moment."),
        (ChatError.Full, "full", "No more are let in."),
        (ChatError.NotInRoom, "not-in-room", "You are not in that room."),
        (ChatError.NothingToAnswer, "nothing-to-answer", "No message waits for that answer."),
        (ChatError.Unreachable, "unreachable", "It could not be sent."),
        (ChatError.LoginRequired, "login-required", "Log in with a user and a password."),
        (ChatError.BadRequest, "bad-request", "That is not how it is asked for."),
        (ChatError.Stopping, "stopping", "The server is stopping."),
        (ChatError.FileUnusable, "file-unusable", "A file of the server's cannot be used."),
    ];

    public static string Of(ChatError error) => Rows[(int)error].Code;

    public static string Sentence(ChatError error) => Rows[(int)error].Sentence;

    /// <summary>The error a word stands for; a word from a newer server is <see cref="ChatError.BadRequest"/>.</summary>
    public static ChatError ErrorOf(string? code)
    {
        foreach ((ChatError error, string word, _) in Rows)
        {
            if (word == code)
                return error;
        }

        return ChatError.BadRequest;
    }
}
