using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>The flags of the file server. Each may stand in its config file.</summary>
internal static class FilesFlags
{
    public const int DefaultPort = 7070;

    public static readonly Address DefaultListen = Address.Parse("tls://127.0.0.1:7070");

    public static readonly Flag<Address> Listen = ServeFlags.Listen with
    {
        Help = "Where to listen: tls:, tcp:, unix:, fd:N or systemd:; tls: encrypts, the others do not",
        DefaultText = "tls://127.0.0.1:7070",
    };

    public static readonly Flag<string> Root = new("--root", "DIR", "The folder that is shared", Values.Text) { DefaultText = "./shared, made if it is missing", IsPath = true };

    public static readonly Flag<string> Accounts = new("--accounts", "FILE", "Who may log in; 'dialtone user' edits it", Values.Text) { DefaultText = "~/.config/dialtone/accounts.json, made on the first start", IsPath = true };

    public static readonly Flag<FileRights> Anonymous = new("--anonymous", "RIGHTS", "What callers may do without log-in: read (list and read), write (also create, overwrite, mkdir) or none", ReadAnonymous) { DefaultText = "none" };

    public static readonly Flag<bool> FromAnywhere = new("--anonymous-from-anywhere", null, "Let --anonymous write hold on addresses that other machines can reach", Values.Switch);

    public static readonly Flag<long> Quota = new("--quota", "SIZE", "How much the share may hold: 500M, 10G (powers of 1024)", Values.Size) { DefaultText = "no limit" };

    public static readonly Flag<int> QuotaFiles = new("--quota-files", "N", "How many files the share may hold", Values.Number(1)) { DefaultText = "no limit" };

    public static readonly Flag<string> Audit = new("--audit", "FILE", "Add a JSON line here for every log-in, transfer, change and refusal", Values.Text) { IsPath = true };

    public static readonly Flag<int> MaxPerAddress = ServeFlags.MaxPerAddress with { DefaultText = "1000" };

    public static readonly Flag<int> MaxSessions = new("--max-sessions", "N", "Sessions of one user at one time", Values.Number(1)) { DefaultText = "128" };

    public static readonly Flag<TimeSpan> Idle = new("--idle", "SECONDS", "End a session after so much silence", Values.Seconds) { DefaultText = "300" };

    public static readonly Flag<TimeSpan> Stalled = new("--stalled", "SECONDS", "End a session whose transfer has stood still for so long", Values.Seconds) { DefaultText = "60" };

    public static readonly Flag<TimeSpan> Drain = ServeFlags.Drain with { Help = "How long transfers may go on after the first Ctrl-C", DefaultText = "30" };

    private static FileRights ReadAnonymous(string text) => text switch
    {
        "none" => FileRights.None,
        "read" => FileRights.Browse,
        "write" => FileRights.Browse | FileRights.Write,
        _ => throw new FormatException($"'{text}' is not one of read, write and none."),
    };
}
