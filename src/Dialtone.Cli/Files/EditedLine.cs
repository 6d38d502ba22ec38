using System.Text;

namespace Dialtone.Cli;

/// <summary>A line while it is typed: its letters, the cursor among them, and the lines before it. What it looks like, others show.</summary>
/// <param name="history">What the arrows up and down bring back.</param>
internal sealed class EditedLine(History history)
{
    private readonly List<Rune> _line = [];
    private int _past = history.Lines.Count; // index into the history; its length is the line itself
    private string _present = "";

    public string Text => Join(_line);

    public string BeforeCursor => Join(_line[..Cursor]);

    public bool IsEmpty => _line.Count == 0;

    /// <summary>Letters before the cursor.</summary>
    public int Cursor { get; private set; }

    /// <summary>An empty line, and the newest of the history just above it.</summary>
    public void Clear()
    {
        _line.Clear();
        (Cursor, _past, _present) = (0, history.Lines.Count, "");
    }

    /// <summary>Puts the cursor behind so many letters, at most behind the last.</summary>
    public void MoveTo(int cursor) => Cursor = Math.Min(cursor, _line.Count);

    /// <summary>Another text in the place of what stands before the cursor.</summary>
    public void ReplaceBefore(string text)
    {
        string after = Join(_line[Cursor..]);
        Replace(text + after);
        Cursor = text.EnumerateRunes().Count();
    }

    /// <summary>What a key does to the line; nothing, if it is not one that edits.</summary>
    public void Apply(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Letter:
                _line.Insert(Cursor++, key.Letter);
                break;
            case KeyName.Left:
                Cursor = Math.Max(0, Cursor - 1);
                break;
            case KeyName.Right:
                Cursor = Math.Min(_line.Count, Cursor + 1);
                break;
            case KeyName.Home:
                Cursor = 0;
                break;
            case KeyName.End:
                Cursor = _line.Count;
                break;
            case KeyName.Backspace when Cursor > 0:
                _line.RemoveAt(--Cursor);
                break;
            case KeyName.Delete or KeyName.DeleteOrClose when Cursor < _line.Count:
                _line.RemoveAt(Cursor);
                break;
            case KeyName.EraseToStart:
                _line.RemoveRange(0, Cursor);
                Cursor = 0;
                break;
            case KeyName.EraseToEnd:
                _line.RemoveRange(Cursor, _line.Count - Cursor);
                break;
            case KeyName.EraseWord:
                int start = Cursor;
                while (start > 0 && _line[start - 1].Value == ' ')
                    start--;
                while (start > 0 && _line[start - 1].Value != ' ')
                    start--;
                _line.RemoveRange(start, Cursor - start);
                Cursor = start;
                break;
            case KeyName.Up when _past > 0:
                Recall(_past - 1);
                break;
            case KeyName.Down when _past < history.Lines.Count:
                Recall(_past + 1);
                break;
        }
    }

    /// <summary>The prompt and the line, broken into rows of so many cells; the cursor's row, and its column there.</summary>
    /// <param name="prompt">What stands before the line.</param>
    /// <param name="columns">Cells in a row.</param>
    /// <param name="isHidden">Whether the letters are nobody's to see: a star stands for each.</param>
    public (IReadOnlyList<string> Rows, int Row, int Column) Lay(string prompt, int columns, bool isHidden = false)
    {
        Rune[] letters = [.. prompt.EnumerateRunes(), .. isHidden ? Enumerable.Repeat(new Rune('*'), _line.Count) : _line];
        int at = letters.Length - _line.Count + Cursor;
        var rows = new List<string>();
        var text = new StringBuilder();
        (int Row, int Column) cursor = default;
        int column = 0;
        for (int i = 0; i <= letters.Length; i++)
        {
            int cells = i < letters.Length ? Cells.Of(letters[i]) : 1; // behind the last letter the cursor needs a place as well
            if (column + cells > columns)
            {
                rows.Add(text.ToString());
                text.Clear();
                column = 0;
            }

            if (i == at)
                cursor = (rows.Count, Math.Min(column, columns - 1));
            if (i < letters.Length)
                text.Append(letters[i]);
            column += cells;
        }

        rows.Add(text.ToString());
        return (rows, cursor.Row, cursor.Column);
    }

    private void Recall(int past)
    {
        if (_past == history.Lines.Count)
            _present = Text;
        _past = past;
        Replace(past == history.Lines.Count ? _present : history.Lines[past]);
    }

    private void Replace(string text)
    {
        _line.Clear();
        _line.AddRange(text.EnumerateRunes());
        Cursor = _line.Count;
    }

    private static string Join(IEnumerable<Rune> runes) => string.Concat(runes);
}
