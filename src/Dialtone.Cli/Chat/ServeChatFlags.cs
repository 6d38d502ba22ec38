using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>The flags of <c>dialtone serve chat</c>.</summary>
internal static class ServeChatFlags
{
    private static readonly ChatLimits Defaults = new();

    public static readonly Flag<Address> Listen = ServeFlags.Listen with
    {
        Help = "Where to listen: udp: for plain text and the native protocol, tls: (the same port) for its joins, tcp: and unix: for lines",
        DefaultText = "udp:// and tls://127.0.0.1:7072",
    };

    public static readonly Flag<Address> Also = new("--also", "ADDRESS", "Listen here as well: tcp://127.0.0.1:7073 for nc and telnet", Values.Address) { Repeats = true };

    public static readonly Flag<RoomFlag> Room = new("--room", "NAME[:FILE]", "A room; with a password where a file, mode 0600, has one", RoomFlag.Read) { Repeats = true, DefaultText = "lobby, open" };

    public static readonly Flag<string> History = new("--history", "FILE", "Keep what is said here, in lines of JSON, and read it back at the start", Values.Text) { IsPath = true, DefaultText = "in memory only" };

    public static readonly Flag<string> Accounts = new("--accounts", "FILE", "Let in who logs in only; 'dialtone user' edits it. Plain text and lines log in nowhere", Values.Text) { IsPath = true, DefaultText = "anybody joins by a name" };

    public static readonly Flag<string> Audit = new("--audit", "FILE", "Add a JSON line here for everyone who comes, leaves, is refused or muted", Values.Text) { IsPath = true };

    public static readonly Flag<bool> AllowAnyone = new("--allow-anyone", null, "Let strangers write on addresses that other machines can reach", Values.Switch);

    public static readonly Flag<bool> NoPlain = new("--no-plain", null, "Drop datagrams of plain text", Values.Switch);

    public static readonly Flag<System.Text.Encoding> Encoding = new("--encoding", "NAME", "Of plain text and lines, such as gbk", ServeExecFlags.ParseEncoding) { DefaultText = "utf-8" };

    public static readonly Flag<int> MaxAnswer = new("--max-answer", "BYTES", "Longest answer to plain text; the tutorials' programs read no more", Values.Number(1, 65_507)) { DefaultText = $"{Defaults.MaxAnswerBytes}" };

    public static readonly Flag<int> MaxText = new("--max-text", "BYTES", "Longest message", Values.Number(1, 32 * 1024)) { DefaultText = $"{Defaults.MaxTextBytes}" };

    public static readonly Flag<int> Rate = new("--rate", "N", "Messages a second from one sender, and twice as many at once", Values.Number(1, 1_000_000)) { DefaultText = $"{Defaults.MessagesPerSecond}" };

    public static readonly Flag<int> MaxUnanswered = new("--max-unanswered", "N", "Messages of one sender that may wait for an answer", Values.Number(1)) { DefaultText = $"{Defaults.MaxUnanswered}" };

    public static readonly Flag<bool> Json = new("--json", null, "Say everything in lines of JSON, and take answers so as well", Values.Switch);

    public static readonly Flag<TimeSpan> Drain = ServeFlags.Drain with { Help = "How long messages under way may take after the first Ctrl-C" };
}

/// <summary>A room as <c>--room</c> names it.</summary>
/// <param name="Name">The room's name.</param>
/// <param name="PasswordFile">The file with its password; null for an open room.</param>
internal sealed record RoomFlag(string Name, string? PasswordFile)
{
    /// <summary>A name has no colon, a file may.</summary>
    public static RoomFlag Read(string text) => text.IndexOf(':', StringComparison.Ordinal) switch
    {
        < 0 when text.Length > 0 => new RoomFlag(text, null),
        > 0 and var colon when colon + 1 < text.Length => new RoomFlag(text[..colon], text[(colon + 1)..]),
        _ => throw new FormatException($"'{text}' is not NAME or NAME:FILE."),
    };

    /// <summary>The room's password; null for an open one.</summary>
    /// <exception cref="CliException">The file cannot be used.</exception>
    public string? ReadPassword() => PasswordFile is null ? null : PasswordInput.Read(PasswordFile);
}
