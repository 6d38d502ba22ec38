using System.Security.Authentication;

namespace Dialtone.Cli;

/// <summary>Says in the operator's words what the library reports in exceptions.</summary>
internal static class Failure
{
    /// <summary>The explanation, or null for an error nobody expected.</summary>
    public static CliException? Explain(Exception error) => error switch
    {
        TransportException e => new CliException(CodeOf(e.Reason), e.Message, AdviceOn(e.Reason)),
        TrustException { Reason: TrustError.ServerNotTrusted or TrustError.Refused } e => new CliException(ExitCode.Untrusted, e.Message),
        TrustException e => new CliException(ExitCode.Files, e.Message),
        AuthenticationException e => new CliException(ExitCode.Untrusted, e.Message),
        ProtocolException e => new CliException(ExitCode.Failed, e.Message, "Do both sides use the same --framing?"),
        StructException e => CliException.Usage(e.Message, "'dialtone help pack' shows what a format looks like."),
        NotSupportedException e => CliException.Usage(e.Message),
        UnauthorizedAccessException e => new CliException(ExitCode.Files, e.Message),
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
        _ => null,
    };
}
