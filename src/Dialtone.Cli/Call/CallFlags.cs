namespace Dialtone.Cli;

/// <summary>The flags of <c>dialtone call</c>.</summary>
internal static class CallFlags
{
    public static readonly Flag<bool> NoNewline = new("--no-newline", null, "Leave the newline of each line off when sending", Values.Switch);

    public static readonly Flag<TimeSpan> Wait = new("--wait", "SECONDS", "After the end of input: leave when the peer has been silent for so long", Values.SecondsOrZero) { DefaultText = "2" };

    public static readonly Flag<bool> Stream = new("--stream", null, "Send and show without taking turns", Values.Switch);

    public static readonly Flag<TimeSpan> Timeout = new("--timeout", "SECONDS", "Longest wait for the connection (default 10), and for each answer (default for ever)", Values.Seconds);

    public static readonly Flag<Framed> Framing = new("--framing", "FRAMING", $"Each line is a frame: {FramingName.Names}", FramingName.Parse) { DefaultText = "raw" };

    public static readonly Flag<string> Trust = new("--trust", "WHOM", "known-hosts (remember the server's key on the first call, refuse another one later), system-roots, a fingerprint SHA256:…, or anyone-which-is-insecure", TrustName.Check) { DefaultText = "known-hosts" };

    public static readonly Flag<string> KnownHosts = new("--known-hosts", "FILE", "Where servers' keys are remembered", Values.Text) { DefaultText = "~/.config/dialtone/known_hosts" };

    public static readonly Flag<string> Key = new("--key", "FILE", "Log in with this client key, made by 'dialtone key new'", Values.Text);
}
