using System.Globalization;

namespace Dialtone.Cli;

/// <summary>What was said, newest last: the part of it that a screen shows, and how far it is scrolled back.</summary>
internal sealed class MessageLog(Signs signs, bool hasMarks)
{
    private const int MostEntries = 2000;
    private readonly List<LogEntry> _entries = [];
    private int _width = 80;
    private int _height = 20;
    private int _back; // rows below the screen

    /// <summary>Whether something newer stands below what is shown.</summary>
    public bool IsScrolledBack => _back > 0;

    /// <summary>Adds at the end. Who has scrolled back goes on seeing the same.</summary>
    public LogEntry Add(LogEntry entry)
    {
        if (_entries.Count > 0 && entry.Day != _entries[^1].Day)
            Append(new LogEntry(entry.At, new ScreenText(), entry.Day.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture)) { Look = Look.Faint, IsOurs = true });
        Append(entry);
        return entry;
    }

    /// <summary>Adds what the tool itself has to say.</summary>
    public void Say(DateTimeOffset at, string text, Look look = Look.Faint) => Add(new LogEntry(at, new ScreenText(), text) { Look = look, IsOurs = true });

    public void PageUp() => _back += Math.Max(1, _height - 1);

    public void PageDown() => _back = Math.Max(0, _back - Math.Max(1, _height - 1));

    public void ToEnd() => _back = 0;

    /// <summary>The rows to show, from the top; as many as the screen has.</summary>
    public IReadOnlyList<ScreenText> Rows(int width, int height)
    {
        if (width != _width)
            _back = 0; // the rows are others now
        (_width, _height) = (width, height);
        var below = new Stack<ScreenText>();
        int wanted = height + _back;
        for (int i = _entries.Count - 1; i >= 0 && below.Count < wanted; i--)
        {
            foreach (ScreenText row in _entries[i].Rows(width, signs, hasMarks).Reverse())
                below.Push(row);
        }

        if (below.Count < wanted)
            _back = Math.Max(0, below.Count - height); // at the very top
        ScreenText[] all = [.. below];
        int end = all.Length - _back;
        int start = Math.Max(0, end - height);
        return [.. all[start..end], .. Enumerable.Repeat(new ScreenText(), height - (end - start))];
    }

    private void Append(LogEntry entry)
    {
        _entries.Add(entry);
        if (_entries.Count > MostEntries)
            _entries.RemoveAt(0);
        if (_back > 0)
            _back += entry.Rows(_width, signs, hasMarks).Count;
    }
}
