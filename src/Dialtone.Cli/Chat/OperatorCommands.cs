using System.Globalization;
using System.Text;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>What became of a line of the operator's.</summary>
/// <param name="Error">Why it was not done, or <see cref="ChatError.None"/>.</param>
/// <param name="Note">What there is to tell the operator; may be several lines.</param>
/// <param name="To">Who was told something, where somebody was.</param>
/// <param name="Text">What they were told.</param>
internal sealed record OperatorOutcome(ChatError Error, string? Note = null, string? To = null, string? Text = null);

/// <summary>The operator's lines, typed or piped.</summary>
internal sealed class OperatorCommands
{
    private readonly ChatDesk _desk;
    private readonly Action _quit;
    private readonly (string Name, string Operands, string Help, Func<string, ChatMessage?, OperatorOutcome> Run)[] _rows;

    public OperatorCommands(ChatDesk desk, Action quit)
    {
        (_desk, _quit) = (desk, quit);
        _rows =
        [
            ("/say", "ROOM TEXT", "speak in a room", (rest, _) => Two(rest) is var (room, text) ? SayIn(room, text) : Wrong("/say ROOM TEXT")),
            ("/skip", "", "take the chosen message from the queue, unanswered", Skip),
            ("/who", "", "who is here, and where", (_, _) => new(ChatError.None, Who())),
            ("/rooms", "", "the rooms", (_, _) => new(ChatError.None, Rooms())),
            ("/mute", "WHO", "let nobody hear somebody; WHO is a name, an address, or an IP address for all of its ports", (rest, _) => With(rest, _desk.Mute, "is heard by nobody now")),
            ("/unmute", "WHO", "take it back", (rest, _) => With(rest, _desk.Unmute, "is heard again")),
            ("/block", "WHO", "send somebody away, and let them in no more", (rest, _) => With(rest, _desk.Block, "is let in no more")),
            ("/unblock", "WHO", "take it back", (rest, _) => With(rest, _desk.Unblock, "is let in again")),
            ("/help", "", "this", (_, _) => new(ChatError.None, Help())),
            ("/quit", "", "stop the server, as Ctrl-C does", (_, _) => Quit()),
        ];
    }

    public IReadOnlyList<string> Names => [.. _rows.Select(row => row.Name)];

    // line = "//" text / "/" command / "@" who SP text / text      ; the first says "/" and the text
    /// <summary>Does a line.</summary>
    /// <param name="line">As it was typed.</param>
    /// <param name="target">What plain text answers; null for nothing.</param>
    public OperatorOutcome Do(string line, ChatMessage? target)
    {
        line = line.Trim();
        if (line.StartsWith("//", StringComparison.Ordinal))
            line = line[1..];
        else if (line.StartsWith('/'))
        {
            (string name, string rest) = Two(line) ?? (line, "");
            return _rows.FirstOrDefault(row => row.Name == name) is { Run: { } run } ? run(rest, target) : new(ChatError.BadRequest, $"There is no command {name}; /help lists them.");
        }

        if (line.StartsWith('@'))
            return Two(line[1..]) is var (who, text) ? Say(who, text) : Wrong("@NAME TEXT");
        return target is null ? new(ChatError.NothingToAnswer, "Nobody waits for an answer; write @NAME TEXT.") : Answer(target, line);
    }

    public OperatorOutcome Answer(ChatMessage message, string text) => Told(_desk.Answer(message.Id, text), message.From, text);

    public OperatorOutcome Say(string who, string text) => Told(_desk.Say(who, text), who, text);

    public OperatorOutcome SayIn(string room, string text) => Told(_desk.SayIn(room, text), $"[{room}]", text);

    /// <summary>The first word and the rest; null if there is no rest.</summary>
    public static (string First, string Second)? Two(string line)
    {
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        return blank > 0 && line[blank..].Trim() is { Length: > 0 } second ? (line[..blank], second) : null;
    }

    public static string Sentence(ChatError error) => error switch
    {
        ChatError.NoSuchName => "nobody of that name is here",
        ChatError.NoSuchRoom => "there is no such room",
        ChatError.TooLong => "it is too long",
        ChatError.TooFast => "too many answers to that address; wait a moment",
        ChatError.NothingToAnswer => "no message of theirs waits for an answer",
        _ => "it could not be sent",
    };

    private static OperatorOutcome Told(ChatError error, string who, string text) =>
        error == ChatError.None ? new(error, null, who, text) : new(error, $"Not told to {who}: {Sentence(error)}.");

    private static OperatorOutcome Wrong(string usage) => new(ChatError.BadRequest, $"Write {usage}");

    private static OperatorOutcome With(string who, Action<string> act, string what)
    {
        if (who.Length == 0)
            return Wrong("it with a name or an address behind.");
        act(who.TrimStart('@'));
        return new(ChatError.None, $"{who.TrimStart('@')} {what}.");
    }

    private OperatorOutcome Skip(string rest, ChatMessage? target) => target is null
        ? new(ChatError.NothingToAnswer, "Nobody waits for an answer.")
        : new(_desk.Dismiss(target.Id), $"{target.From} gets no answer to that.");

    private OperatorOutcome Quit()
    {
        _quit();
        return new(ChatError.None);
    }

    private string Rooms() => string.Join('\n', _desk.Rooms.Select(room =>
        string.Create(CultureInfo.InvariantCulture, $"{room.Name}  {room.Members} in it{(room.NeedsPassword ? ", with a password" : "")}")));

    private string Who()
    {
        const int Most = 50;
        IReadOnlyList<ChatParticipantInfo> here = _desk.Here;
        if (here.Count == 0)
            return "Nobody is here.";
        int widest = here.Take(Most).Max(who => Cells.Of(who.Name));
        var text = new StringBuilder();
        foreach (ChatParticipantInfo who in here.Take(Most))
        {
            string[] facts =
            [
                who.Address?.ToString() is { } address && address != who.Name ? address : "",
                who.IsVerified ? "" : "address not proven",
                who.Account is { } account ? $"logged in as {account}" : "",
                who.Rooms.Count > 0 ? $"in {string.Join(", ", who.Rooms)}" : "",
                string.Create(CultureInfo.InvariantCulture, $"since {who.Since.ToLocalTime():HH:mm:ss}"),
                who.Unanswered > 0 ? string.Create(CultureInfo.InvariantCulture, $"{who.Unanswered} unanswered") : "",
                who.IsMuted ? "muted" : "",
            ];
            text.Append(text.Length > 0 ? "\n" : "").Append(Cells.PadRight(who.Name, widest)).Append("  ").AppendJoin("  ", facts.Where(fact => fact.Length > 0));
        }

        return here.Count > Most ? text.Append(CultureInfo.InvariantCulture, $"\nand {here.Count - Most} more").ToString() : text.ToString();
    }

    private string Help() => string.Join('\n', (string[])
    [
        "TEXT              answer the message that is chosen, or the oldest; Up, Down and Tab choose",
        "@NAME TEXT        tell somebody something",
        .. _rows.Select(row => $"{row.Name + " " + row.Operands,-16}  {row.Help}"),
        "Page Up and Page Down scroll.",
    ]);
}
