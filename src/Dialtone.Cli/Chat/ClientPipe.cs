using System.Text;
using System.Text.Json;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>A script that chats: messages as lines on standard input, and on standard output. It ends when the input has ended and each message was delivered or failed.</summary>
internal sealed class ClientPipe : IClientPlace
{
    private readonly IChatTalk _talk;
    private readonly Outbox _outbox;
    private readonly ClientCommands _commands;
    private readonly bool _isJson;
    private readonly Lock _gate = new(); // of standard output
    private readonly CancellationTokenSource _quit = new();

    private ClientPipe(IChatTalk talk, bool isJson)
    {
        (_talk, _isJson) = (talk, isJson);
        _outbox = new Outbox(talk, isPatient: true);
        _commands = new ClientCommands(talk, _outbox, this);
    }

    /// <param name="talk">The conversation.</param>
    /// <param name="isJson">Whether lines are objects in JSON.</param>
    /// <param name="wait">How long to stay after the end of the input.</param>
    /// <param name="enter">What is to be done first.</param>
    public static async Task<ExitCode> RunAsync(IChatTalk talk, bool isJson, TimeSpan wait, Func<ClientCommands, IClientPlace, Task> enter)
    {
        var pipe = new ClientPipe(talk, isJson);
        using var signals = new StopSignals();
        using var over = new CancellationTokenSource();
        Task hearing = pipe.HearAsync(over.Token);
        Task<bool> talking = pipe.TalkAsync(wait, enter);
        Task first = await Task.WhenAny(talking, hearing, signals.First);
        if (first == hearing && !talking.IsCompleted)
        {
            pipe._outbox.GiveUp();
            await hearing;
            throw new CliException(ExitCode.Failed, talk.Native is { } client ? $"The conversation is over: {ChatWords.Of(client.End)}." : "The conversation is over.");
        }

        bool isHeard = first == talking && await talking;
        await over.CancelAsync();
        await hearing;
        pipe._quit.Dispose();
        if (first == signals.First)
            return ExitCode.Interrupted;
        return pipe._outbox.Failed == 0 && isHeard ? ExitCode.Done : ExitCode.Failed;
    }

    public Action<Mark, string?> Said(string text, string? room, string? to) => (mark, note) =>
    {
        if (mark == Mark.Failed && !_isJson)
            Tell($"Not told{(to ?? room) switch { { } whom => $" to {whom}", _ => "" }}: {note}: {text}", isTrouble: true);
    };

    public void Took(ChatReceipt receipt, string text)
    {
        if (_isJson)
            Write(() => ChatJsonLines.WriteReceipt(receipt, text));
    }

    public void Tell(string text, bool isTrouble = false)
    {
        if (!_isJson)
        {
            if (isTrouble)
                Terminal.Error.WriteLine($"dialtone: {SaidText.Of(text.ReplaceLineEndings(" "))}");
            else
                Write(() => Terminal.Out.WriteLine(string.Join('\n', text.Split('\n').Select(line => $"* {SaidText.Of(line)}"))));
            return;
        }

        Write(() => JsonLine.Write(json =>
        {
            json.WriteString("type"u8, isTrouble ? "error" : "reply");
            json.WriteString("text"u8, text);
        }));
    }

    public void Show(ChatPage page)
    {
        Write(() =>
        {
            foreach (ChatMessage message in page.Messages)
                Hear(message);
        });
    }

    public void Enter(string? room, ChatCrowd? crowd)
    {
        // Nobody watches where a pipe speaks.
    }

    public Task<string?> AskPasswordAsync(string room) => Task.FromResult(Keyboard.AskHidden($"Password of {Printable.Of(room)}: "));

    public void Quit() => _quit.Cancel();

    /// <summary>Says what the input holds, to its end.</summary>
    /// <returns>Whether it all got where it should, as far as that is known here.</returns>
    private async Task<bool> TalkAsync(TimeSpan wait, Func<ClientCommands, IClientPlace, Task> enter)
    {
        await enter(_commands, this);
        var input = new LineInput(Terminal.OpenInput());
        while (!_quit.IsCancellationRequested && await input.ReadAsync() is { } bytes)
        {
            string line = Encoding.UTF8.GetString(bytes).TrimEnd('\r');
            if (line.Length > 0 || _talk.Native is null)
                await (_isJson && line.StartsWith('{') ? SayJsonAsync(line) : _commands.DoAsync(line));
        }

        if (_talk.Native is null)
            return await HearAnswersAsync(wait);
        await _outbox.SettleAsync();
        await StayAsync(wait);
        return true;
    }

    private async Task<bool> HearAnswersAsync(TimeSpan wait)
    {
        if (_quit.IsCancellationRequested || await Task.WhenAny(_outbox.SettleAsync(), Task.Delay(wait, TimeProvider.System)) is { } && _outbox.Pending == 0)
            return true;
        Tell($"{_outbox.Pending} without an answer within {wait.TotalSeconds:0.###} s; --wait SECONDS waits longer.", isTrouble: true);
        return false;
    }

    private async Task StayAsync(TimeSpan wait)
    {
        if (wait == TimeSpan.Zero || _quit.IsCancellationRequested)
            return;
        try
        {
            await Task.Delay(wait, TimeProvider.System, _quit.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to leave.
        }
    }

    // line = {"text":TEXT [,"room":NAME / ,"to":NAME]}
    private Task SayJsonAsync(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            string text = json.RootElement.GetProperty("text").GetString()!;
            string? room = json.RootElement.TryGetProperty("room", out JsonElement where) ? where.GetString() : null;
            string? to = json.RootElement.TryGetProperty("to", out JsonElement whom) ? whom.GetString() : null;
            return _commands.SayAsync(text, room ?? (to is null ? _talk.Room : null), to);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentNullException)
        {
            Tell("Write {\"text\":TEXT}, with \"room\" or \"to\" if need be.", isTrouble: true);
            return Task.CompletedTask;
        }
    }

    private async Task HearAsync(CancellationToken cancellationToken)
    {
        IAsyncEnumerator<ChatEvent> events = _talk.ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                if (!next.IsCompleted)
                    Write(() => { });
                if (!await next)
                    return;
                if (events.Current is ChatDelivery delivery)
                    _outbox.Deliver(delivery);
                lock (_gate)
                    Hear(events.Current);
            }
        }
        catch (OperationCanceledException)
        {
            // We leave.
        }
        finally
        {
            await events.DisposeAsync();
            Write(() => { });
        }
    }

    // line = "[" room "] " name ": " text / name ": " text      ; what was said to us alone has no room
    private void Hear(ChatEvent happened)
    {
        if (_isJson)
        {
            ChatJsonLines.Write(happened);
            return;
        }

        if (happened is ChatMessage message)
        {
            string text = SaidText.Of(message.Text);
            Terminal.Out.WriteLine(_talk.Native is null ? text : message.Room is { } room ? $"[{room}] {message.From}: {text}" : $"{message.From}: {text}");
        }
        else if (happened is ChatNotice notice)
        {
            Terminal.Error.WriteLine($"dialtone: {Printable.Of(notice.Text)}");
        }
    }

    private void Write(Action write)
    {
        lock (_gate)
        {
            write();
            Terminal.Flush();
        }
    }
}
