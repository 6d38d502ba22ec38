using System.Text;

namespace Dialtone.Cli;

/// <summary>A row of the screen, or text that is still to be broken into rows.</summary>
/// <remarks>All that others wrote comes in by <see cref="Add"/>, which makes it fit for a terminal: nothing that was sent can steer it.</remarks>
internal sealed class ScreenText
{
    /// <summary>What Chinese and Japanese never begin a row with.</summary>
    private const string NeverFirst = "，。、！？；：）」』】》〉”’…·ー々〜";

    private readonly List<(Rune Letter, Look Look)> _letters = [];

    /// <summary>In cells.</summary>
    public int Width { get; private set; }

    /// <summary>Adds text, with escapes in place of what could move the cursor or turn the writing.</summary>
    public ScreenText Add(string text, Look look = Look.Plain) => AddOwn(SaidText.Of(text), look);

    /// <summary>Adds text of ours, or what was typed here.</summary>
    public ScreenText AddOwn(string text, Look look = Look.Plain)
    {
        foreach (Rune letter in text.EnumerateRunes())
            Append((letter, look));
        return this;
    }

    public ScreenText Add(ScreenText other)
    {
        foreach ((Rune, Look) letter in other._letters)
            Append(letter);
        return this;
    }

    /// <summary>Fills the row with a letter to so many cells.</summary>
    public ScreenText Fill(char letter, int cells, Look look = Look.Plain)
    {
        while (Width < cells)
            Append((new Rune(letter), look));
        return this;
    }

    /// <summary>At most so many cells of it; what does not fit is left out at the end.</summary>
    public ScreenText Fit(int cells)
    {
        if (Width <= cells)
            return this;
        var fitted = new ScreenText();
        foreach ((Rune Letter, Look Look) letter in _letters)
        {
            if (fitted.Width + Cells.Of(letter.Letter) > cells - 1)
                break;
            fitted.Append(letter);
        }

        return cells > 0 ? fitted.AddOwn("…", fitted._letters is [.., var last] ? last.Look : Look.Plain) : fitted;
    }

    /// <summary>Rows of at most so many cells, all but the first indented; broken at blanks and between wide letters where there are any.</summary>
    public IReadOnlyList<ScreenText> Wrap(int width, int indent)
    {
        indent = Math.Min(indent, width / 3);
        var rows = new List<ScreenText>();
        for (int start = 0; start < _letters.Count || rows.Count == 0;)
        {
            ScreenText row = rows.Count == 0 ? new ScreenText() : new ScreenText().Fill(' ', indent);
            int end = EndOfRow(start, width - row.Width);
            rows.Add(Take(row, start, end));
            start = end;
            while (start < _letters.Count && _letters[start].Letter.Value == ' ')
                start++;
        }

        return rows;
    }

    /// <summary>With the sequences for its looks; plain without style.</summary>
    public string Render(bool usesStyle)
    {
        var text = new StringBuilder();
        Look now = Look.Plain;
        foreach ((Rune letter, Look look) in _letters)
        {
            if (usesStyle && look != now)
                text.Append(now == Look.Plain ? "" : Looks.End).Append(Looks.Begin(look));
            now = look;
            text.Append(letter);
        }

        return usesStyle && now != Look.Plain ? text.Append(Looks.End).ToString() : text.ToString();
    }

    public override string ToString() => Render(usesStyle: false);

    private void Append((Rune Letter, Look Look) letter)
    {
        _letters.Add(letter);
        Width += Cells.Of(letter.Letter);
    }

    /// <summary>Behind the last letter of a row of so many cells that begins there.</summary>
    private int EndOfRow(int start, int room)
    {
        int end = start; // the last place where it may be broken
        int cells = 0;
        bool isBehindWide = false;
        for (int i = start; i < _letters.Count; i++)
        {
            int width = Cells.Of(_letters[i].Letter);
            if ((_letters[i].Letter.Value == ' ' || width == 2 || (isBehindWide && width > 0)) && !NeverFirst.Contains((char)_letters[i].Letter.Value))
                end = i;
            if (cells + width > room)
                return end > start ? end : Math.Max(i, start + 1);
            isBehindWide = width == 2 || (isBehindWide && width == 0);
            cells += width;
        }

        return _letters.Count;
    }

    private ScreenText Take(ScreenText row, int start, int end)
    {
        while (end > start && _letters[end - 1].Letter.Value == ' ')
            end--;
        foreach ((Rune, Look) letter in _letters[start..end])
            row.Append(letter);
        return row;
    }
}
