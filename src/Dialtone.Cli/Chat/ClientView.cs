using System.Globalization;

namespace Dialtone.Cli;

/// <summary>The screen of somebody who chats: what was said, with marks on what we said; who is here; the line that is typed.</summary>
internal sealed class ClientView(Signs signs, IReadOnlyList<string> commands) : ChatView(signs, hasMarks: true)
{
    private IReadOnlyList<string> _names = [];
    private int _count;

    /// <summary>Where plain text goes, as people call it: a room, or a person.</summary>
    public string Place { get; set; } = "";

    /// <summary>What there is to say about the connection; empty while it is well.</summary>
    public string Trouble { get; set; } = "";

    /// <summary>Who is in the room.</summary>
    /// <param name="names">Those whose names are known.</param>
    /// <param name="count">How many there are.</param>
    public void ShowHere(IEnumerable<string> names, int count) => (_names, _count) = ([.. names], count);

    protected override void Edit(Key key)
    {
        if (key.Name == KeyName.Tab)
            CompleteName(_names, commands);
        else
            Line.Apply(key);
    }

    protected override IReadOnlyList<ScreenText> Facts(int width, int height) => height >= 3 ? [Rule(About(width - 4), width)] : [];

    private ScreenText About(int width)
    {
        var text = new ScreenText().Add(Place, Look.Strong);
        if (Trouble.Length > 0)
            return text.AddOwn("  ").Add(Trouble, Look.Bad);
        if (Log.IsScrolledBack)
            return text.AddOwn("  more below: Page Down", Look.Faint);
        if (_count == 0)
            return text;
        text.AddOwn(string.Create(CultureInfo.InvariantCulture, $"  {_count} here"), Look.Faint);
        for (int i = 0; i < _names.Count; i++)
        {
            var one = new ScreenText().AddOwn("  ").Add(_names[i]);
            string rest = string.Create(CultureInfo.InvariantCulture, $"  +{_count - i}");
            if (text.Width + one.Width + (i + 1 < _count ? rest.Length : 0) > width)
                return text.AddOwn(rest, Look.Faint);
            text.Add(one);
        }

        if (_count > _names.Count)
            text.AddOwn(string.Create(CultureInfo.InvariantCulture, $"  +{_count - _names.Count}"), Look.Faint);
        return text;
    }
}
