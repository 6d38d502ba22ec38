using System.Security.Authentication;
using Dialtone.Chat;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Says in the operator's words what the library reports in exceptions.</summary>
internal static class Failure
{
    /// <summary>The explanation, or null for an error nobody expected.</summary>
    public static CliException? Explain(Exception error) => error switch
    {
        TransportException e => new CliException(CodeOf(e.Reason), e.Message, AdviceOn(e.Reason)),
        TrustException { Reason: TrustError.ServerNotTrusted } e => new CliException(
            ExitCode.Untrusted, e.Message, "Ask the server's operator for its fingerprint: it may be somebody else who answers. --trust SHA256:… names it."),
        TrustException { Reason: TrustError.Refused } e => new CliException(ExitCode.Untrusted, e.Message),
        TrustException e => new CliException(ExitCode.Files, e.Message),
        AuthenticationException e => new CliException(ExitCode.Untrusted, e.Message),
        ProtocolException e => new CliException(ExitCode.Failed, e.Message, "Do both sides speak the same protocol, and the same --framing?"),
        StructException e => CliException.Usage(e.Message, "'dialtone help pack' shows what a format looks like."),
        NotSupportedException e => CliException.Usage(e.Message),
        FileException e when IsLocal(e) => new CliException(ExitCode.Files, e.Message),
        FileException e => new CliException(CodeOf(e.Reason), e.Message, AdviceOn(e.Reason)),
        ChatException e => new CliException(CodeOf(e.Reason), e.Message, AdviceOn(e.Reason)),
        UnauthorizedAccessException e => new CliException(ExitCode.Files, e.Message),
        IOException e => new CliException(ExitCode.Files, e.Message),
        _ => null,
    };

    /// <summary>Whether it is this machine's disk that failed.</summary>
    public static bool IsLocal(Exception error) =>
        error is CliException { Code: ExitCode.Files } or FileException { InnerException: System.ComponentModel.Win32Exception }
        || error is UnauthorizedAccessException || (error is IOException and not TransportException);

    /// <summary>What went wrong with one thing of several: a code for machines, and a sentence.</summary>
    public static (string Code, string Message) Describe(Exception error) => error switch
    {
        FileException e => (CodeName(e.Reason), e.Message),
        _ when IsLocal(error) => ("local", error.Message),
        _ => ("failed", error.Message),
    };

    /// <summary>The name of a reason as it stands on the wire.</summary>
    private static string CodeName(FileError reason) =>
        string.Concat(reason.ToString().Select((letter, i) => char.IsUpper(letter) ? $"{(i == 0 ? "" : "-")}{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static ExitCode CodeOf(FileError reason) => reason switch
    {
        FileError.LoginRequired or FileError.LoginFailed => ExitCode.Untrusted,
        FileError.BadPath or FileError.BadRequest => ExitCode.Usage,
        _ => ExitCode.Failed,
    };

    private static string? AdviceOn(FileError reason) => reason switch
    {
        FileError.LoginRequired => "Say who you are: USER@HOST:PATH or tls://USER@HOST/PATH, with a password or a key ('dialtone key new').",
        FileError.LoginFailed => "Check the name and the password or key; an account may also have expired.",
        FileError.Denied => "The server's operator decides what an account may do, and where.",
        FileError.QuotaExceeded => "'dialtone quota' shows what is used. Remove something, or ask the server's operator for more.",
        FileError.DiskFull => "The disk is the server's; its operator can make room.",
        FileError.ReadOnly => "The disk is the server's, and the server may only read it.",
        FileError.NotEmpty => "'dialtone rm -r' removes a folder with all that is in it.",
        FileError.Corrupt => "Nothing was put in place. Do it again; when it happens again, the line or a disk is broken.",
        FileError.Changed => "Do it again when nobody writes to it.",
        FileError.Limit => "Try again later, or with fewer connections (--jobs).",
        _ => null,
    };

    private static ExitCode CodeOf(ChatError reason) => reason switch
    {
        ChatError.LoginRequired or ChatError.WrongPassword or ChatError.Blocked => ExitCode.Untrusted,
        ChatError.BadName or ChatError.NoSuchRoom => ExitCode.Usage,
        ChatError.FileUnusable => ExitCode.Files,
        _ => ExitCode.Failed,
    };

    private static string? AdviceOn(ChatError reason) => reason switch
    {
        ChatError.NameTaken => "Take another with --name.",
        ChatError.LoginRequired => "Say who you are: dialtone chat USER@HOST.",
        ChatError.WrongPassword => "Name a file with it: --room-password-file FILE.",
        _ => null,
    };

    private static ExitCode CodeOf(TransportError reason) => reason switch
    {
        TransportError.PeerReset or TransportError.Aborted or TransportError.Closed or TransportError.MessageTooLarge => ExitCode.Failed,
        TransportError.HandshakeFailed => ExitCode.Untrusted,
        _ => ExitCode.Unreachable,
    };

    private static string? AdviceOn(TransportError reason) => reason switch
    {
        TransportError.Refused => "A server prints its address when it listens; that is the one to call.",
        TransportError.HostNotFound => "Check the spelling, or write the IP address.",
        TransportError.HandshakeFailed => "Does the server speak TLS there? If not, the address begins with tcp://.",
        _ => null,
    };
}
