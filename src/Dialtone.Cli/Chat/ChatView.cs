namespace Dialtone.Cli;

/// <summary>What a chat's screen has in common, whoever sits there: the log above, facts below it, and the line that is typed at the bottom.</summary>
/// <remarks>A model: keys and events go in, frames come out. It knows no terminal, and is touched by one thread at a time.</remarks>
internal abstract class ChatView(Signs signs, bool hasMarks)
{
    private const string Prompt = "> ";
    private readonly History _history = new();
    private readonly EditedLine _secret = new(new History());
    private (string Question, Func<string, ValueTask> Answered)? _asked;

    public MessageLog Log { get; } = new(signs, hasMarks);

    /// <summary>The line that is typed.</summary>
    public EditedLine Line => _asked is null ? field ??= new EditedLine(_history) : _secret;

    protected Signs Signs => signs;

    /// <summary>Asks for a password in the place of the next line; what was typed of that one comes back behind it.</summary>
    public void Ask(string question, Func<string, ValueTask> answered) => _asked = (question, answered);

    /// <summary>Hands over the password that was asked for.</summary>
    /// <returns>False if none was.</returns>
    public bool TryAnswer(string line, out ValueTask answering)
    {
        answering = default;
        if (_asked is not { } asked)
            return false;
        _secret.Clear();
        _asked = null;
        answering = asked.Answered(line);
        return true;
    }

    /// <summary>Takes a key.</summary>
    /// <returns>The line, if the key was Enter and there is one.</returns>
    public string? Take(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Enter when _asked is not null:
                return _secret.Text;
            case not (KeyName.PageUp or KeyName.PageDown) when _asked is not null:
                _secret.Apply(key);
                break;
            case KeyName.Enter:
                Log.ToEnd();
                string text = Line.Text;
                if (text.Trim().Length == 0)
                    return null;
                _history.Add(text);
                return text;
            case KeyName.PageUp:
                Log.PageUp();
                break;
            case KeyName.PageDown:
                Log.PageDown();
                break;
            default:
                Edit(key);
                break;
        }

        return null;
    }

    /// <summary>The screen as it should be now.</summary>
    public Frame Draw(int width, int height)
    {
        (width, height) = (Math.Max(8, width), Math.Max(2, height));
        (IReadOnlyList<string> typed, int cursorRow, int cursorColumn) = Line.Lay(_asked?.Question ?? Prompt, width, isHidden: _asked is not null);
        int shown = Math.Min(typed.Count, Math.Max(1, height / 3));
        int first = Math.Clamp(cursorRow - (shown - 1), 0, typed.Count - shown);
        IReadOnlyList<ScreenText> facts = Facts(width, height - shown);
        int log = Math.Max(0, height - shown - facts.Count);
        ScreenText[] rows = [.. Log.Rows(width, log), .. facts, .. typed.Skip(first).Take(shown).Select(row => new ScreenText().AddOwn(row))];
        return new Frame(rows, log + facts.Count + cursorRow - first, cursorColumn);
    }

    /// <summary>What an editing key does, Tab among them.</summary>
    protected abstract void Edit(Key key);

    /// <summary>The rows between the log and the typed line, fewer than there are rows.</summary>
    protected abstract IReadOnlyList<ScreenText> Facts(int width, int height);

    /// <summary>A rule with something in it.</summary>
    protected ScreenText Rule(ScreenText content, int width) =>
        new ScreenText().Fill(signs.Rule, 2, Look.Faint).AddOwn(" ").Add(content.Fit(Math.Max(0, width - 4))).AddOwn(" ").Fill(signs.Rule, width, Look.Faint).Fit(width);

    /// <summary>Tab completes a name behind <c>@</c>, <c>/msg</c> and the like; true if there was anything to complete.</summary>
    protected bool CompleteName(IEnumerable<string> names, IEnumerable<string> commands)
    {
        string before = Line.BeforeCursor;
        int start = before.LastIndexOf(' ') + 1;
        string word = before[start..];
        string? lead = start == 0 && word.StartsWith('@') ? "@" : start > 0 && before.StartsWith('/') ? "" : null;
        string[] choices = start == 0 && word.StartsWith('/')
            ? [.. commands.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))]
            : lead is null ? [] : [.. names.Select(name => lead + name).Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        if (word.Length == 0 || choices.Length == 0)
            return word.StartsWith('@') || before.StartsWith('/');
        string common = choices.Aggregate((a, b) => a[..a.Zip(b).TakeWhile(pair => char.ToUpperInvariant(pair.First) == char.ToUpperInvariant(pair.Second)).Count()]);
        Line.ReplaceBefore(before[..start] + (choices.Length == 1 ? choices[0] + " " : common.Length > word.Length ? common : word));
        if (choices.Length > 1 && common.Length <= word.Length)
            Log.Say(TimeProvider.System.GetLocalNow(), string.Join("  ", choices));
        return true;
    }
}
