using System.Text;

namespace Dialtone.Chat;

/// <summary>What one line client says, line by line.</summary>
internal sealed class LineConversation(ChatHub hub, ChatParticipant guest, LineWriter writer, Encoding encoding)
{
    private const int MaxNames = 200;
    private const int DefaultHistory = 20;
    private const int MaxHistory = 100;

    private static readonly Command[] Commands =
    [
        new("/name", "NAME", "be called NAME", static (self, rest) => self.RenameAsync(rest)),
        new("/room", "[ROOM [PASSWORD]]", "go into a room and speak there; without one, list the rooms", static (self, rest) => self.RoomAsync(rest)),
        new("/leave", "", "leave the room you speak in", static (self, _) => self.LeaveAsync()),
        new("/who", "", "who is in the room", static (self, _) => self.WhoAsync()),
        new("/msg", "NAME TEXT", "to one person; to operator, a question", static (self, rest) => self.DirectAsync(rest)),
        new("/history", "[COUNT]", "what was said last", static (self, rest) => self.HistoryAsync(rest)),
        new("/help", "", "this", static (self, _) => self.HelpAsync()),
        new("/quit", "", "leave", static (_, _) => ValueTask.FromResult(false)),
    ];

    private string? _room;
    private bool _toldMuted;

    /// <summary>Told of a wrong password.</summary>
    public required Action Failed { get; init; }

    /// <summary>Greets, and goes into the first room that is open.</summary>
    public async ValueTask BeginAsync()
    {
        Tell($"You are {guest.Name}; /name NAME changes that, /help shows more.");
        if (hub.Rooms.FirstOrDefault(static room => room.Password is null) is { } open)
            await EnterAsync(open.Name, null).ConfigureAwait(false);
        else
            Tell("What you type goes to the operator.");
    }

    /// <summary>Does what a line says.</summary>
    /// <returns>False if it was the last.</returns>
    public ValueTask<bool> TakeAsync(string line, bool isTooLong)
    {
        if (isTooLong)
            return Answer(ChatError.TooLong);
        if (line is not ['/', not '/', ..])
            return line.Length == 0 ? Done() : Answer(Say(_room, null, line.StartsWith("//", StringComparison.Ordinal) ? line[1..] : line));
        (string word, string rest) = Split(line);
        foreach (Command command in Commands)
        {
            if (command.Word == word)
                return command.RunAsync(this, rest);
        }

        Tell("There is no such command; /help shows those there are.");
        return Done();
    }

    private ValueTask<bool> RenameAsync(string name)
    {
        ChatError error = hub.Rename(guest, name);
        if (error == ChatError.None)
            Tell($"You are {guest.Name}.");
        return Answer(error);
    }

    private async ValueTask<bool> RoomAsync(string rest)
    {
        (string room, string password) = Split(rest);
        if (room.Length > 0)
            return await Answer(await EnterAsync(room, password.Length > 0 ? password : null).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (ChatRoom each in hub.Rooms)
            Tell($"{each.Name}{(each.Password is null ? "" : ", with a password")}{(guest.IsIn(each) ? $", {each.Count} in it, you among them" : "")}");
        return true;
    }

    private async ValueTask<ChatError> EnterAsync(string room, string? password)
    {
        ChatError error = await hub.EnterAsync(guest, room, password).ConfigureAwait(false);
        if (error == ChatError.WrongPassword && password is not null)
            Failed();
        if (error != ChatError.None || !hub.TryFindRoom(room, out ChatRoom? where))
            return error;
        _room = where.Name;
        Tell($"You are in {_room}: what you type is said there.");
        return ChatError.None;
    }

    private ValueTask<bool> LeaveAsync()
    {
        if (_room is null)
            return Answer(ChatError.NotInRoom);
        ChatError error = hub.Leave(guest, _room);
        if (error != ChatError.None)
            return Answer(error);
        Tell($"You have left {_room}.");
        _room = guest.Rooms.LastOrDefault()?.Name;
        Tell(_room is null ? "What you type goes to the operator." : $"What you type is said in {_room}.");
        return Done();
    }

    private ValueTask<bool> WhoAsync()
    {
        if (_room is null)
            return Answer(ChatError.NotInRoom);
        ChatError error = hub.Who(guest, _room, MaxNames, out string[] names, out int count);
        if (error != ChatError.None)
            return Answer(error);
        string more = count > names.Length ? $" and {count - names.Length} more" : "";
        Tell($"In {_room}: {string.Join(", ", names.Order(StringComparer.OrdinalIgnoreCase))}{more}");
        return Done();
    }

    private ValueTask<bool> DirectAsync(string rest)
    {
        (string name, string text) = Split(rest);
        return Answer(text.Length == 0 ? ChatError.BadRequest : Say(null, name, text));
    }

    private ValueTask<bool> HistoryAsync(string rest)
    {
        if (_room is null)
            return Answer(ChatError.NotInRoom);
        int limit = int.TryParse(rest, out int wanted) ? Math.Clamp(wanted, 1, MaxHistory) : DefaultHistory;
        ChatError error = hub.History(guest, _room, null, limit, out ChatOutgoing[] messages, out _);
        if (error != ChatError.None)
            return Answer(error);
        foreach (ChatOutgoing message in messages)
            writer.Write($"{((ChatMessage)message.Event).At:yyyy-MM-dd HH:mm:ss}Z {ChatText.LineOf(message.Event)}");
        if (messages.Length == 0)
            Tell($"Nothing was said in {_room} yet.");
        return Done();
    }

    private ValueTask<bool> HelpAsync()
    {
        foreach (Command command in Commands)
            Tell($"{command.Word + " " + command.Arguments,-26} {command.Help}");
        Tell($"{"//TEXT",-26} says /TEXT");
        return Done();
    }

    private ChatError Say(string? room, string? to, string text) => hub.Say(guest, room, to, text, taken: null, out _);

    private ValueTask<bool> Answer(ChatError error)
    {
        if (error != ChatError.None && !(error == ChatError.Muted && _toldMuted))
            Tell(ChatErrorCodes.Sentence(error));
        _toldMuted |= error == ChatError.Muted;
        return Done();
    }

    private static ValueTask<bool> Done() => ValueTask.FromResult(true);

    private void Tell(string text) => writer.Write(encoding.GetBytes($"* {text}\r\n"));

    private static (string Word, string Others) Split(string text)
    {
        text = text.Trim();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (text, "") : (text[..space], text[(space + 1)..].TrimStart());
    }

    private sealed record Command(string Word, string Arguments, string Help, Func<LineConversation, string, ValueTask<bool>> RunAsync);
}
