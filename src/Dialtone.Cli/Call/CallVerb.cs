namespace Dialtone.Cli;

/// <summary>The row of <c>dialtone call</c>.</summary>
internal static class CallVerb
{
    public static Verb Call { get; } = new("call", "Speak to a server, line by line", CallCommand.RunAsync)
    {
        Operands = ["ADDRESS"],
        Flags =
        [
            new("Conversation", CallFlags.NoNewline, CallFlags.Stream, CallFlags.Wait, CallFlags.Timeout, CallFlags.Framing),
            new("Trust", HmacFlags.AnswerKeyFile, HmacFlags.Digest, CallFlags.Trust, CallFlags.KnownHosts, CallFlags.Key),
        ],
        Details =
        [
            "Sends a line from the keyboard or standard input, waits for its answer and shows it, then the next line. An empty line is a message over UDP and nothing at all over TCP, and is not sent there. Ctrl-D, or the end of the input, ends the conversation.",
        ],
        Examples =
        [
            "dialtone call tcp://127.0.0.1:9000",
            "echo hello | dialtone call udp://127.0.0.1:9000",
            "dialtone call tls://example.org:9443 --framing int32",
        ],
    };
}
