using System.Globalization;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>Somebody who chats at a terminal: brings what comes to a <see cref="ClientView"/>, and the lines typed there to the server.</summary>
internal sealed class ClientScreen : IClientPlace, IDisposable
{
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(5);

    private readonly IChatTalk _talk;
    private readonly Outbox _outbox;
    private readonly ClientCommands _commands;
    private readonly string _server;
    private readonly Signs _signs = Signs.Of(Environment.GetEnvironmentVariable);
    private readonly ClientView _view;
    private readonly ChatScreen _screen;
    private readonly StopSignals _signals = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _here = new(StringComparer.OrdinalIgnoreCase); // in the room; the screen's task's, as the view
    private readonly List<(LogEntry Entry, string Text)> _undelivered = [];          // of our own messages; the screen's task's
    private Task _ready = Task.CompletedTask;                                        // lines begin after this; the screen's task's
    private int _unnamed;                                                            // in the room beyond those

    private ClientScreen(IChatTalk talk, string server)
    {
        (_talk, _server) = (talk, server);
        _outbox = new Outbox(talk, isPatient: false);
        _commands = new ClientCommands(talk, _outbox, this);
        _view = new ClientView(_signs, ClientCommands.Names) { Place = talk.Native is null ? server : $"operator of {server}" };
        _screen = new ChatScreen(_view, Typed, _signals.Stop);
    }

    /// <summary>Shows the screen until either side leaves.</summary>
    /// <param name="talk">The conversation.</param>
    /// <param name="server">As people call it.</param>
    /// <param name="enter">What is to be done first, with the screen there to ask on.</param>
    public static async Task<ExitCode> RunAsync(IChatTalk talk, string server, Func<ClientCommands, IClientPlace, Task> enter)
    {
        using var screen = new ClientScreen(talk, server);
        using var over = new CancellationTokenSource();
        Task entering = screen._ready = enter(screen._commands, screen);
        Task showing = screen._screen.RunAsync(over.Token);
        Task hearing = screen.HearAsync(over.Token);
        Task first = await Task.WhenAny(showing, hearing, screen._left.Task, screen._signals.First);
        if (first == screen._left.Task && talk.Native is not null && screen._outbox.Pending > 0) // datagrams may stay without an answer for ever
        {
            screen._screen.Post(() => screen._view.Trouble = string.Create(CultureInfo.InvariantCulture, $"{screen._outbox.Pending} under way; Ctrl-C leaves at once"));
            await Task.WhenAny(screen._outbox.SettleAsync(), hearing, screen._signals.First, Task.Delay(LastPatience, TimeProvider.System));
        }

        await over.CancelAsync();
        await showing;
        await hearing;
        screen.Dispose();
        foreach ((_, string text) in talk.Native is null ? [] : screen._undelivered)
            Terminal.Error.WriteLine($"dialtone: not known to be delivered: {SaidText.Of(text)}");
        if (entering.IsFaulted)
            await entering;
        return first == hearing ? ExitCode.Failed : ExitCode.Done;
    }

    public Action<Mark, string?> Said(string text, string? room, string? to)
    {
        ScreenText head = new ScreenText();
        if (to is null && room is null && _talk.Native is not null)
            to = ChatHub.Operator;
        if (room is not null && room != _talk.Room)
            head.Add($"[{room}] ", Look.Faint);
        head.AddOwn("you", Look.Good);
        if (to is not null)
            head.AddOwn($" {_signs.To} ", Look.Faint).Add(to, Look.Good);
        LogEntry entry = new(TimeProvider.System.GetUtcNow(), head.AddOwn(": "), text);
        _screen.Post(() =>
        {
            _view.Log.Add(entry);
            _undelivered.Add((entry, text));
        });
        return (mark, note) => _screen.Post(() =>
        {
            entry.Become(mark, note);
            if (mark != Mark.Sent) // told already
                _undelivered.RemoveAll(each => each.Entry == entry);
        });
    }

    public void Took(ChatReceipt receipt, string text)
    {
        // The mark says it.
    }

    public void Tell(string text, bool isTrouble = false) =>
        _screen.Post(() => _view.Log.Say(TimeProvider.System.GetUtcNow(), text, isTrouble ? Look.Bad : Look.Faint));

    public void Show(ChatPage page) => _screen.Post(() =>
    {
        if (page.Messages.Count == 0)
            return;
        if (page.HasMore)
            _view.Log.Say(page.Messages[0].At, "older ones are left out");
        foreach (ChatMessage message in page.Messages)
            Hear(message);
        _view.Log.Say(TimeProvider.System.GetUtcNow(), "so far what was said before");
    });

    public void Enter(string? room, ChatCrowd? crowd) => _screen.Post(() =>
    {
        _here.Clear();
        _here.UnionWith(crowd?.Names ?? []);
        _unnamed = (crowd?.Count ?? 0) - _here.Count;
        _view.Place = room ?? $"operator of {_server}";
        ShowHere();
    });

    public Task<string?> AskPasswordAsync(string room)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _screen.Post(() => _view.Ask($"Password of {Printable.Of(room)}: ", password =>
        {
            answer.TrySetResult(password.Length > 0 ? password : null);
            return default;
        }));
        return answer.Task;
    }

    public void Quit() => _left.TrySetResult();

    public void Dispose()
    {
        _screen.Dispose();
        _signals.Dispose();
    }

    private ValueTask Typed(string line)
    {
        _view.Line.Clear();
        if (_ready.IsCompleted)
            _ = _commands.DoAsync(line); // what takes long is shown when it comes
        else
            _ready = DoAfterAsync(_ready, line);
        return default;
    }

    /// <summary>What was typed before we are in the room is said there, and in order.</summary>
    private async Task DoAfterAsync(Task before, string line)
    {
        await before;
        _ = _commands.DoAsync(line);
    }

    private async Task HearAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ChatEvent happened in _talk.ReadAllAsync(cancellationToken))
            {
                if (happened is ChatDelivery delivery)
                    _outbox.Deliver(delivery);
                else
                    await _screen.PostAsync(() => Hear(happened), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // We leave.
        }
    }

    private void Hear(ChatEvent happened)
    {
        switch (happened)
        {
            case ChatMessage message:
                _view.Log.Add(new LogEntry(message.At, Head(message), message.Text));
                break;
            case ChatPresence presence:
                _view.Log.Say(presence.At, $"{presence.Name} {(presence.IsHere ? "came to" : "left")} {presence.Room}");
                if (!presence.Room.Equals(_talk.Room, StringComparison.OrdinalIgnoreCase))
                    break;
                _ = presence.IsHere ? _here.Add(presence.Name) : _here.Remove(presence.Name);
                ShowHere();
                break;
            case ChatNotice notice:
                _view.Log.Say(TimeProvider.System.GetUtcNow(), notice.Text);
                break;
        }
    }

    private void ShowHere() => _view.ShowHere(_here.Order(StringComparer.OrdinalIgnoreCase), _here.Count + _unnamed);

    private ScreenText Head(ChatMessage message)
    {
        var head = new ScreenText();
        if (message.Room is { } room && !room.Equals(_talk.Room, StringComparison.OrdinalIgnoreCase))
            head.Add($"[{room}] ", Look.Faint);
        head.Add(message.From, Look.Strong);
        if (message.Room is null && _talk.Native is not null)
            head.AddOwn($" {_signs.To} you", Look.Strong);
        return head.AddOwn(": ");
    }
}
