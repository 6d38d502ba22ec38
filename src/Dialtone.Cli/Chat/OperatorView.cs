using System.Globalization;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>The operator's screen: what was said, who is here, who waits for an answer, and whom the typed line would answer.</summary>
internal sealed class OperatorView(Signs signs, IReadOnlyList<string> commands) : ChatView(signs, hasMarks: false)
{
    private const int MostWaitingShown = 6;
    private IReadOnlyList<ChatMessage> _waiting = [];
    private IReadOnlyList<ChatParticipantInfo> _here = [];
    private long? _chosen; // the message to answer; null: whichever is oldest

    /// <summary>Puts new lists in the place of the old.</summary>
    public void Show(IReadOnlyList<ChatMessage> waiting, IReadOnlyList<ChatParticipantInfo> here) => (_waiting, _here) = (waiting, here);

    /// <summary>The message that plain text answers: the chosen one, or the oldest.</summary>
    /// <remarks>Null if none waits; or if the chosen one waits no more, lest an answer goes to somebody else than it was typed for.</remarks>
    public ChatMessage? Target => _chosen is { } id ? _waiting.FirstOrDefault(message => message.Id == id) : _waiting.Count > 0 ? _waiting[0] : null;

    /// <summary>Whether the message that was chosen waits no more.</summary>
    public bool HasLostTarget => _chosen is not null && Target is null;

    /// <summary>The line was done: the next one answers the oldest again.</summary>
    public void Done()
    {
        Line.Clear();
        _chosen = null;
    }

    protected override void Edit(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Up:
                Choose(-1);
                break;
            case KeyName.Down:
                Choose(1);
                break;
            case KeyName.Tab:
                if (!CompleteName(_here.Select(who => who.Name), commands))
                    Choose(1);
                break;
            default:
                Line.Apply(key);
                if (Line.IsEmpty && HasLostTarget)
                    _chosen = null;
                else if (!Line.IsEmpty)
                    _chosen ??= Target?.Id; // from the first letter on the line is for this one
                break;
        }
    }

    protected override IReadOnlyList<ScreenText> Facts(int width, int height)
    {
        var rows = new List<ScreenText>();
        if (height >= 6)
            rows.Add(Rule(Here(width - 4), width));
        int most = Math.Min(MostWaitingShown, (height - 4) / 3);
        int chosen = ChosenIndex;
        int first = Math.Clamp(chosen - (most / 2), 0, Math.Max(0, _waiting.Count - Math.Max(0, most)));
        for (int i = first; i < _waiting.Count && i < first + most; i++)
            rows.Add(Row(_waiting[i], i == chosen, width));
        if (height >= 4)
            rows.Add(Rule(Asking(), width));
        return rows;
    }

    private int ChosenIndex => _chosen is not { } id ? 0 : IndexOf(id) is >= 0 and var index ? index : -1;

    private int IndexOf(long id)
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            if (_waiting[i].Id == id)
                return i;
        }

        return -1;
    }

    /// <summary>Goes through the queue, round and round.</summary>
    private void Choose(int step)
    {
        if (_waiting.Count == 0)
            return;
        int next = ChosenIndex < 0 ? 0 : (ChosenIndex + step + _waiting.Count) % _waiting.Count;
        _chosen = _waiting[next].Id;
    }

    private ScreenText Here(int width)
    {
        var text = new ScreenText();
        if (Log.IsScrolledBack)
            text.AddOwn("more below: Page Down  ", Look.Faint);
        text.AddOwn(string.Create(CultureInfo.InvariantCulture, $"{_here.Count} here"), Look.Strong);
        for (int i = 0; i < _here.Count; i++)
        {
            var one = new ScreenText().AddOwn("  ").Add(_here[i].Name).AddOwn(Signs.Verdict(_here[i].IsVerified), Look.Faint);
            string rest = string.Create(CultureInfo.InvariantCulture, $"  +{_here.Count - i}");
            if (text.Width + one.Width + (i + 1 < _here.Count ? rest.Length : 0) > width)
                return text.AddOwn(rest, Look.Faint);
            text.Add(one);
        }

        return text;
    }

    private ScreenText Row(ChatMessage message, bool isChosen, int width)
    {
        ScreenText row = new ScreenText()
            .AddOwn(isChosen ? Signs.Chosen + " " : new string(' ', Signs.Chosen.Length + 1), Look.Strong)
            .AddOwn(message.At.ToLocalTime().ToString("HH:mm:ss ", CultureInfo.InvariantCulture), Look.Faint)
            .Add(message.From, Look.Strong)
            .AddOwn(Signs.Verdict(message.IsVerified) + " ", Look.Faint)
            .Add(message.Text.ReplaceLineEndings(" "));
        return row.Fit(width);
    }

    private ScreenText Asking()
    {
        if (HasLostTarget)
            return new ScreenText().AddOwn("whom you answered waits no more; Tab chooses another", Look.Bad);
        if (Target is not { } target)
            return new ScreenText().AddOwn("nobody waits for an answer; @NAME TEXT, /say ROOM TEXT, /help", Look.Faint);
        var text = new ScreenText().AddOwn("answer ").Add(target.From, Look.Strong).AddOwn(Signs.Verdict(target.IsVerified), Look.Faint);
        return text.AddOwn(string.Create(CultureInfo.InvariantCulture, $"  {_waiting.Count} unanswered"), Look.Faint);
    }
}
