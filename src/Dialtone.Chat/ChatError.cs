namespace Dialtone.Chat;

/// <summary>Why something was not done.</summary>
public enum ChatError
{
    /// <summary>It was done.</summary>
    None,

    /// <summary>More messages than <see cref="ChatLimits.MessagesPerSecond"/>, or more answers to one address than <see cref="ChatLimits.AnswersPerSecond"/>.</summary>
    TooFast,

    /// <summary>The text is longer than <see cref="ChatLimits.MaxTextBytes"/>; an answer to a plain sender, longer than <see cref="ChatLimits.MaxAnswerBytes"/>.</summary>
    TooLong,

    /// <summary>As many of the sender's messages wait for the operator as may.</summary>
    TooManyUnanswered,

    /// <summary>The operator has muted the sender.</summary>
    Muted,

    /// <summary>The operator does not let them in.</summary>
    Blocked,

    /// <summary>Somebody here has the name, or it belongs to an account.</summary>
    NameTaken,

    /// <summary>Not a name; <c>ChatNames</c> in docs/chat.md says what is.</summary>
    BadName,

    /// <summary>Nobody of that name is here.</summary>
    NoSuchName,

    /// <summary>There is no such room.</summary>
    NoSuchRoom,

    /// <summary>Not the room's password, or none was given.</summary>
    WrongPassword,

    /// <summary>Too many passwords are being looked at; try again.</summary>
    Busy,

    /// <summary>As many are here as may be, or in as many rooms.</summary>
    Full,

    /// <summary>Only who is in the room may speak there and read what was said.</summary>
    NotInRoom,

    /// <summary>No message of that number waits for an answer, or none of that sender does.</summary>
    NothingToAnswer,

    /// <summary>It could not be sent: they are gone, or take nothing more.</summary>
    Unreachable,

    /// <summary>Whoever wants in has to log in first.</summary>
    LoginRequired,

    /// <summary>Not what the protocol knows.</summary>
    BadRequest,

    /// <summary>The server is stopping.</summary>
    Stopping,

    /// <summary>The history or the audit file cannot be used.</summary>
    FileUnusable,
}
