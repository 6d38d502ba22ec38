using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>The operator at a terminal: brings the desk's events to an <see cref="OperatorView"/>, and the lines typed there to the desk.</summary>
internal sealed class OperatorScreen : IDisposable
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMilliseconds(500);
    private const int MostRemembered = 50;

    private readonly ChatDesk _desk;
    private readonly Signs _signs = Signs.Of(Environment.GetEnvironmentVariable);
    private readonly OperatorCommands _commands;
    private readonly OperatorView _view;
    private readonly ChatScreen _screen;

    private OperatorScreen(ChatDesk desk, IReadOnlyList<string> invitation, StopSignals signals)
    {
        _desk = desk;
        _commands = new OperatorCommands(desk, signals.Stop);
        _view = new OperatorView(_signs, _commands.Names);
        foreach (ChatMessage message in desk.History.TakeLast(MostRemembered))
            Hear(message);
        Tell("Others type, to reach you:");
        foreach (string line in invitation)
            Tell(line);
        _screen = new ChatScreen(_view, Said, signals.Stop);
    }

    /// <summary>Shows the screen until the server has drained.</summary>
    public static async Task<ExitCode> RunAsync(ChatDesk desk, IReadOnlyList<string> invitation, StopSignals signals, Func<Task<ExitCode>> drain)
    {
        using var screen = new OperatorScreen(desk, invitation, signals);
        using var over = new CancellationTokenSource();
        Task[] work = [screen._screen.RunAsync(over.Token), screen.HearAsync(over.Token), screen.RefreshAsync(over.Token)];
        Task<ExitCode> draining = drain();
        Task first = await Task.WhenAny([draining, .. work]);
        if (first != draining)
            await first; // why it broke
        ExitCode code = await draining;
        await over.CancelAsync();
        await Task.WhenAll(work);
        return code;
    }

    public void Dispose() => _screen.Dispose();

    private async Task HearAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ChatEvent happened in _desk.ReadAllAsync(cancellationToken))
                await _screen.PostAsync(() => Hear(happened), cancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    /// <summary>Who comes without a word causes no event.</summary>
    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                (IReadOnlyList<ChatMessage> waiting, IReadOnlyList<ChatParticipantInfo> here) = (_desk.Unanswered, _desk.Here);
                await _screen.PostAsync(() => _view.Show(waiting, here), cancellationToken);
                await Task.Delay(RefreshEvery, TimeProvider.System, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private void Hear(ChatEvent happened)
    {
        switch (happened)
        {
            case ChatMessage message:
                _view.Log.Add(new LogEntry(message.At, Head(message), message.Text) { Look = message.Room is null ? Look.Strong : Look.Plain });
                break;
            case ChatPresence presence:
                _view.Log.Say(presence.At, $"{presence.Name} {(presence.IsHere ? "came to" : "left")} {presence.Room}");
                break;
            case ChatDelivery { Failed: > 0 } delivery:
                Tell($"{delivery.Failed} of {delivery.Of} did not get what you said{(delivery.Room is { } room ? $" in {room}" : "")}.", Look.Bad);
                break;
            case ChatNotice notice:
                Tell(notice.Text);
                break;
        }
    }

    /// <summary>Who said it, from where, and where.</summary>
    private ScreenText Head(ChatMessage message)
    {
        var head = new ScreenText();
        if (message.Room is { } room)
            head.Add($"[{room}] ", Look.Faint);
        if (message.From == ChatHub.Operator)
            return head.AddOwn($"you {(message.To is null ? "" : _signs.To + " ")}", Look.Good).Add(message.To ?? "", Look.Good).AddOwn(": ");
        head.Add(message.From, Look.Strong);
        if (message.Address?.ToString() is { } address && address != message.From)
            head.Add(" " + address, Look.Faint);
        return head.AddOwn($" {_signs.Verdict(message.IsVerified)}", Look.Faint).AddOwn(message.IsCut ? " (cut): " : ": ");
    }

    private ValueTask Said(string line)
    {
        // The queue may have moved since it was drawn; what the line was typed for has not.
        OperatorOutcome outcome = _view.HasLostTarget && !line.StartsWith('/') && !line.StartsWith('@')
            ? new(ChatError.NothingToAnswer, "Whom you were answering waits no more: Tab chooses another, @NAME says it anyway.")
            : _commands.Do(line, _view.Target);
        if (outcome.To is { } to)
        {
            ScreenText head = new ScreenText().AddOwn($"you {_signs.To} ", Look.Good).Add(to, Look.Good).AddOwn(": ");
            _view.Log.Add(new LogEntry(TimeProvider.System.GetUtcNow(), head, outcome.Text!));
        }

        if (outcome.Note is { } note)
            Tell(note, outcome.Error == ChatError.None ? Look.Faint : Look.Bad);
        if (outcome.Error == ChatError.None)
            _view.Done();
        _view.Show(_desk.Unanswered, _desk.Here);
        return default;
    }

    private void Tell(string text, Look look = Look.Faint) => _view.Log.Say(TimeProvider.System.GetUtcNow(), text, look);
}
