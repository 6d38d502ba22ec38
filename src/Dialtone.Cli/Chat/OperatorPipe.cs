using System.Text;
using System.Text.Json;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>A script as the operator: messages as lines on standard output, answers as lines on standard input. The end of the input stops nothing.</summary>
internal sealed class OperatorPipe(ChatDesk desk, bool isJson)
{
    private readonly OperatorCommands _commands = new(desk, () => { });
    private readonly Lock _gate = new(); // of standard output

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(ReadAsync, cancellationToken); // nobody can make it stop reading; it ends with the process
        IAsyncEnumerator<ChatEvent> events = desk.ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                if (!next.IsCompleted)
                    Flush();
                if (!await next)
                    return;
                lock (_gate)
                    Show(events.Current);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
        finally
        {
            await events.DisposeAsync();
            Flush();
        }
    }

    // line = WHO SP text            a message to the operator; WHO is a name or an address
    //      / "[" room "] " name ": " text
    private void Show(ChatEvent happened)
    {
        if (isJson)
        {
            ChatJsonLines.Write(happened);
            return;
        }

        if (happened is ChatMessage message)
        {
            string text = SaidText.Of(message.Text);
            Terminal.Out.WriteLine(message.Room is { } room ? $"[{room}] {message.From}: {text}" : $"{message.From} {text}");
        }
        else if (happened is ChatNotice notice)
        {
            Terminal.Error.WriteLine($"dialtone: {Printable.Of(notice.Text)}");
        }
    }

    private async Task ReadAsync()
    {
        var input = new LineInput(Terminal.OpenInput());
        while (await input.ReadAsync() is { } bytes)
        {
            string line = Encoding.UTF8.GetString(bytes).TrimEnd('\r');
            if (string.IsNullOrWhiteSpace(line))
                continue;
            OperatorOutcome outcome = isJson && line.StartsWith('{') ? DoJson(line) : Do(line);
            if (outcome.Note is not { } note)
                continue;
            if (isJson)
            {
                lock (_gate)
                    ChatJsonLines.WriteOutcome(outcome.Error, note, line);
                Flush();
            }
            else
            {
                Terminal.Error.WriteLine($"dialtone: {Printable.Of(note.ReplaceLineEndings("; "), int.MaxValue)}");
            }
        }
    }

    // line = "/" command / ["@"] WHO SP text / "[" room "] " text
    private OperatorOutcome Do(string line)
    {
        if (line.StartsWith('/') || line.StartsWith('@'))
            return _commands.Do(line, target: null);
        if (OperatorCommands.Two(line) is not var (who, text))
            return new(ChatError.BadRequest, $"'{line}' is not an answer: write ADDRESS TEXT or NAME TEXT.");
        return who.StartsWith('[') && who.EndsWith(']') ? _commands.SayIn(who[1..^1], text) : _commands.Say(who, text);
    }

    // line = {"answer":ID,"text":TEXT} / {"to":WHO,"text":TEXT} / {"room":NAME,"text":TEXT}
    private OperatorOutcome DoJson(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            string text = root.GetProperty("text").GetString()!;
            if (root.TryGetProperty("answer", out JsonElement id))
            {
                ChatError error = desk.Answer(id.GetInt64(), text);
                return new(error, error == ChatError.None ? null : $"{OperatorCommands.Sentence(error)}.");
            }

            return root.TryGetProperty("room", out JsonElement room) ? _commands.SayIn(room.GetString()!, text) : _commands.Say(root.GetProperty("to").GetString()!, text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentNullException)
        {
            return new(ChatError.BadRequest, "Write {\"answer\":ID,\"text\":TEXT}, {\"to\":WHO,\"text\":TEXT} or {\"room\":NAME,\"text\":TEXT}.");
        }
    }

    private void Flush()
    {
        lock (_gate)
            Terminal.Flush();
    }
}
