namespace Dialtone.Cli;

/// <summary>The flags of <c>dialtone exec</c>.</summary>
internal static class ExecFlags
{
    public static readonly Flag<string> Framing = new("--framing", "FRAMING", "native; or what the tutorials' servers speak: raw, ack, int32 or json", ExecFraming.Check) { DefaultText = "native" };

    public static readonly Flag<bool> Tty = new("--tty", null, "Give the command a terminal, as editors and shells need it", Values.Switch) { Letter = 't' };

    public static readonly Flag<bool> NoInput = new("--no-input", null, "Give the command nothing to read", Values.Switch) { Letter = 'n' };

    public static readonly Flag<TimeSpan> Timeout = new("--timeout", "SECONDS", "End the command if it runs longer (exit code 124)", Values.Seconds) { DefaultText = "the server's limit" };

    public static readonly Flag<string> Env = new("--env", "NAME=VALUE", "Add a variable to its environment, where the policy allows it; may be repeated", Variable) { Repeats = true, TakesOneEach = true };

    public static readonly Flag<string> Cwd = new("--cwd", "FOLDER", "Run it there, where the policy allows it", Values.Text) { DefaultText = "the server's choice" };

    public static readonly Flag<bool> Json = new("--json", null, "Print one JSON document with both streams and the report; with --on one a line for each server", Values.Switch);

    public static readonly Flag<bool> Explain = new("--explain", null, "Run nothing; say which rule would decide, and how", Values.Switch);

    public static readonly Flag<string> Script = new("--script", "FILE", "Feed this file to the command, which is sh unless another is named", Values.Text);

    public static readonly Flag<bool> Keep = new("--keep", null, "Let the command go on when we leave; its output is kept there, and --attach comes back to it", Values.Switch);

    public static readonly Flag<bool> Runs = new("--runs", null, "Run nothing; list what the server keeps for us", Values.Switch);

    public static readonly Flag<string> Attach = new("--attach", "RUN", "Run nothing; come back to a kept command and see its output from the beginning", RunId);

    public static readonly Flag<bool> Udp = new("--udp", null, "Once let in, go on in datagrams: the command survives lost packets and a change of network", Values.Switch);

    public static readonly Flag<string> On = new("--on", "FILE", "Run it on every address in this file, one a line", Values.Text);

    public static readonly Flag<int> Jobs = new("--jobs", "N", "With --on: how many at one time", Values.Number(1, 1024)) { DefaultText = "16", Letter = 'j' };

    private static string RunId(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigitLower)
        ? text
        : throw new FormatException($"'{text}' names no run; --runs lists them.");

    private static string Variable(string text) => text.IndexOf('=', StringComparison.Ordinal) > 0
        ? text
        : throw new FormatException($"'{text}' is not NAME=VALUE.");
}
