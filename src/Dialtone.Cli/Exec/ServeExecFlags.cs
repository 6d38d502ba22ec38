using System.Text;

namespace Dialtone.Cli;

/// <summary>The flags of <c>dialtone serve exec</c>.</summary>
internal static class ServeExecFlags
{
    public static readonly Flag<string> Framing = new("--framing", "FRAMING", "native; or what the tutorials' clients speak: raw, ack, int32 or json (on udp: raw)", ExecFraming.Check) { DefaultText = "native" };

    public static readonly Flag<string> Allow = new("--allow", "FILE", "Run what fits the rules in this file", Values.Text) { IsPath = true };

    public static readonly Flag<bool> AllowAny = new("--allow-any-command", null, "Run anything, shell lines too: whoever gets in can do what this user can. Needs authentication unless it listens on loopback", Values.Switch);

    public static readonly Flag<string> Accounts = new("--accounts", "FILE", "Let in the users of this file ('dialtone user'), by password, or over tls: by their keys", Values.Text) { IsPath = true };

    public static readonly Flag<string> AllowKey = new("--allow-key", "FINGERPRINT", "Let in callers with these client keys, SHA256:… as 'dialtone key show' prints them; over tls: only", Fingerprint) { Repeats = true };

    public static readonly Flag<string> Audit = new("--audit", "FILE", "Record what is run here, in lines of JSON", Values.Text) { IsPath = true, DefaultText = "standard error" };

    public static readonly Flag<string> Folder = new("--cwd", "FOLDER", "Where commands run", Values.Text) { IsPath = true, DefaultText = "the home folder" };

    public static readonly Flag<TimeSpan> TimeLimit = new("--time-limit", "SECONDS", "End commands that run longer", Values.Seconds) { DefaultText = "never; udp: 60" };

    public static readonly Flag<TimeSpan> CpuLimit = new("--cpu-limit", "SECONDS", "End processes that use more processor time", Values.Seconds) { DefaultText = "never" };

    public static readonly Flag<long> OutputLimit = new("--output-limit", "BYTES", "End commands that write more; 10M, 2G", Values.Size) { DefaultText = "no limit" };

    public static readonly Flag<int> ProcessLimit = new("--process-limit", "N", "End commands that have more processes", Values.Number(1)) { DefaultText = "no limit" };

    public static readonly Flag<long> MemoryLimit = new("--memory-limit", "BYTES", "End commands whose processes hold more memory together; 100M, 2G. Needs a control group", Values.Size) { DefaultText = "no limit" };

    public static readonly Flag<int> MaxRunning = new("--max-running", "N", "Commands at one time; as many again wait", Values.Number(1)) { DefaultText = "256" };

    public static readonly Flag<int> MaxKept = new("--max-kept", "N", "Commands at one time that may outlive their callers (exec --keep)", Values.Number(0)) { DefaultText = "16" };

    public static readonly Flag<long> KeptOutput = new("--kept-output", "BYTES", "End a kept command that writes more; 10M, 2G", Values.Size) { DefaultText = "256M" };

    public static readonly Flag<TimeSpan> KeepFor = new("--keep-for", "SECONDS", "How long a kept command's output is there after its end", Values.Seconds) { DefaultText = "3600" };

    public static readonly Flag<Encoding> ReplyEncoding = new("--encoding", "NAME", "Turn replies in the tutorials' framings from UTF-8 into this, such as gbk", ParseEncoding) { DefaultText = "utf-8" };

    public static Encoding ParseEncoding(string text)
    {
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(text) ?? Encoding.GetEncoding(text);
        }
        catch (ArgumentException)
        {
            throw new FormatException($"'{text}' is not an encoding; write utf-8, gbk, big5, shift_jis or another known name.");
        }
    }

    private static string Fingerprint(string text) => CertificateFingerprint.IsFingerprint(text)
        ? text
        : throw new FormatException($"'{text}' is not a fingerprint; 'dialtone key show' prints one.");
}
