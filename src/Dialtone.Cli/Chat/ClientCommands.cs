using System.Globalization;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>Where what a client does is shown: a screen, or lines.</summary>
internal interface IClientPlace
{
    /// <summary>Shows something of our own.</summary>
    /// <returns>What to call with each mark it gets, from whatever thread.</returns>
    Action<Mark, string?> Said(string text, string? room, string? to);

    /// <summary>The server has answered to a message of ours.</summary>
    void Took(ChatReceipt receipt, string text);

    void Tell(string text, bool isTrouble = false);

    /// <summary>Shows what was said before.</summary>
    void Show(ChatPage page);

    /// <summary>What is typed goes there now; null for the operator.</summary>
    void Enter(string? room, ChatCrowd? crowd);

    /// <summary>Asks for a room's password; null where there is nobody to ask.</summary>
    Task<string?> AskPasswordAsync(string room);

    void Quit();
}

/// <summary>A client's lines, typed or piped.</summary>
internal sealed class ClientCommands
{
    private const int UsualHistory = 20;
    private readonly IChatTalk _talk;
    private readonly Outbox _outbox;
    private readonly IClientPlace _place;
    private readonly (string Name, string Operands, string Help, Func<string, Task> Run)[] _rows;

    public ClientCommands(IChatTalk talk, Outbox outbox, IClientPlace place)
    {
        (_talk, _outbox, _place) = (talk, outbox, place);
        (string, string, string, Func<string, Task>)[] native =
        [
            ("/msg", "NAME TEXT", "tell somebody something; 'operator' is who serves", MessageAsync),
            ("/who", "[ROOM]", "who is in the room", WhoAsync),
            ("/room", "NAME", "enter a room, and speak there from now on", EnterAsync),
            ("/leave", "[ROOM]", "leave a room", LeaveAsync),
            ("/history", "[N]", "what was said in the room", HistoryAsync),
            ("/name", "NAME", "take another name", RenameAsync),
        ];
        _rows =
        [
            .. talk.Native is null ? [] : native,
            ("/help", "", "this", _ => Tell(Help())),
            ("/quit", "", "leave; Ctrl-D on an empty line does the same", _ => Quit()),
        ];
    }

    public static IReadOnlyList<string> Names { get; } = ["/msg", "/who", "/room", "/leave", "/history", "/name", "/help", "/quit"];

    // line = "//" text / "/" command / "@" name SP text / text      ; the first says "/" and the text
    /// <summary>Does a line. What it says has been begun when this returns, in the order of the lines.</summary>
    public async Task DoAsync(string line)
    {
        try
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                await SayAsync(line[1..], _talk.Room, null);
            }
            else if (line.StartsWith('/'))
            {
                (string name, string rest) = OperatorCommands.Two(line) ?? (line.Trim(), "");
                await (_rows.FirstOrDefault(row => row.Name == name) is { Run: { } run } ? run(rest) : Tell($"There is no command {name}; /help lists them.", isTrouble: true));
            }
            else if (line.StartsWith('@') && _talk.Native is not null)
            {
                await MessageAsync(line[1..]);
            }
            else
            {
                await SayAsync(line, _talk.Room, null);
            }
        }
        catch (Exception e) when (e is ChatException or ArgumentException)
        {
            _place.Tell(e.Message, isTrouble: true);
        }
    }

    public async Task SayAsync(string text, string? room, string? to) =>
        _place.Took(await _outbox.SendAsync(text, room, to, _place.Said(text, room, to)), text);

    /// <summary>Enters a room, with its password where it has one.</summary>
    public async Task<ChatError> TryEnterAsync(string room)
    {
        ChatClient client = _talk.Native!;
        ChatError error = await client.EnterAsync(room);
        if (error == ChatError.WrongPassword && await _place.AskPasswordAsync(room) is { } password)
            error = await client.EnterAsync(room, password);
        if (error == ChatError.None)
        {
            _talk.Room = room;
            _place.Enter(room, await client.WhoAsync(room));
        }

        return error;
    }

    private async Task EnterAsync(string room)
    {
        if (room.Length == 0)
            await Tell("Write /room NAME.", isTrouble: true);
        else if (await TryEnterAsync(room) is not ChatError.None and var error)
            await Tell($"{room}: {ChatWords.Of(error)}.", isTrouble: true);
    }

    private async Task LeaveAsync(string room)
    {
        string? which = room.Length > 0 ? room : _talk.Room;
        if (which is null)
        {
            await Tell("You are in no room.", isTrouble: true);
            return;
        }

        if (await _talk.Native!.LeaveAsync(which) is not ChatError.None and var error)
        {
            await Tell($"{which}: {ChatWords.Of(error)}.", isTrouble: true);
        }
        else if (which.Equals(_talk.Room, StringComparison.OrdinalIgnoreCase))
        {
            _talk.Room = null;
            _place.Enter(null, null);
        }
    }

    private async Task WhoAsync(string room)
    {
        if ((room.Length > 0 ? room : _talk.Room) is not { } which)
        {
            await Tell("You are in no room; write /who ROOM.", isTrouble: true);
            return;
        }

        ChatCrowd crowd = await _talk.Native!.WhoAsync(which);
        string more = crowd.Count > crowd.Names.Count ? string.Create(CultureInfo.InvariantCulture, $", and {crowd.Count - crowd.Names.Count} more") : "";
        await Tell(string.Create(CultureInfo.InvariantCulture, $"{crowd.Count} in {which}: {string.Join(", ", crowd.Names.Order(StringComparer.OrdinalIgnoreCase))}{more}"));
    }

    private async Task HistoryAsync(string count)
    {
        if (_talk.Room is not { } room)
            await Tell("You are in no room.", isTrouble: true);
        else if (count.Length > 0 && !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            await Tell("Write /history, or /history and a number.", isTrouble: true);
        else
            _place.Show(await _talk.Native!.HistoryAsync(room, limit: count.Length > 0 ? Math.Max(1, int.Parse(count, CultureInfo.InvariantCulture)) : UsualHistory));
    }

    private async Task RenameAsync(string name)
    {
        ChatError error = name.Length == 0 ? ChatError.BadName : await _talk.Native!.RenameAsync(name);
        await (error == ChatError.None ? Tell($"You are {_talk.Native!.Name} now.") : Tell($"{name}: {ChatWords.Of(error)}.", isTrouble: true));
    }

    private Task MessageAsync(string rest) => OperatorCommands.Two(rest) is var (name, text)
        ? SayAsync(text, null, name)
        : Tell("Write /msg NAME TEXT, or @NAME TEXT.", isTrouble: true);

    private Task Tell(string text, bool isTrouble = false)
    {
        _place.Tell(text, isTrouble);
        return Task.CompletedTask;
    }

    private Task Quit()
    {
        _place.Quit();
        return Task.CompletedTask;
    }

    private string Help() => string.Join('\n', (string[])
    [
        _talk.Native is null ? "TEXT              a datagram to the server" : "TEXT              said in the room, or to the operator where there is none",
        .. _rows.Select(row => $"{row.Name + " " + row.Operands,-16}  {row.Help}"),
        "Up and Down bring back what you typed, Page Up and Page Down scroll.",
    ]);
}
