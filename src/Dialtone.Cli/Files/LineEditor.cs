using System.Text;

namespace Dialtone.Cli;

/// <summary>One line of the shell while it is typed: keys go in, what the terminal must show comes out.</summary>
/// <param name="output">Where the line is shown.</param>
/// <param name="width">Cells in a line of the terminal, asked at each key.</param>
/// <param name="history">What the arrows up and down bring back.</param>
/// <param name="complete">What Tab may put in the place of the text before the cursor.</param>
internal sealed class LineEditor(TextWriter output, Func<int> width, History history, Func<string, Task<Completion>> complete)
{
    private readonly List<Rune> _line = [];
    private string _prompt = "";
    private int _cursor; // in runes
    private int _past;   // index into the history; its length is the line itself
    private string _present = "";
    private int _row;    // of the terminal's cursor, below the first row of the prompt

    /// <summary>Takes keys until the line is whole.</summary>
    /// <returns>The line; null for the end of the input (Ctrl-D on an empty line); empty after Ctrl-C.</returns>
    public async Task<string?> ReadAsync(string prompt, TerminalScreen.RawInput input)
    {
        (_prompt, _cursor, _past, _present, _row) = (prompt, 0, history.Lines.Count, "", 0);
        _line.Clear();
        Show();
        while (true)
        {
            Key key = KeyReader.Read(input.ReadByte, () => input.HasMore);
            switch (key.Name)
            {
                case KeyName.Closed:
                case KeyName.DeleteOrClose when _line.Count == 0:
                    Finish();
                    return null;
                case KeyName.Enter:
                    Finish();
                    return Text;
                case KeyName.Cancel:
                    _cursor = _line.Count;
                    Show();
                    output.Write("^C\r\n");
                    output.Flush();
                    return "";
                case KeyName.Tab:
                    await CompleteAsync();
                    break;
                default:
                    Apply(key);
                    break;
            }

            Show();
        }
    }

    private string Text => Join(_line);

    private void Apply(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Letter:
                _line.Insert(_cursor++, key.Letter);
                break;
            case KeyName.Left:
                _cursor = Math.Max(0, _cursor - 1);
                break;
            case KeyName.Right:
                _cursor = Math.Min(_line.Count, _cursor + 1);
                break;
            case KeyName.Home:
                _cursor = 0;
                break;
            case KeyName.End:
                _cursor = _line.Count;
                break;
            case KeyName.Backspace when _cursor > 0:
                _line.RemoveAt(--_cursor);
                break;
            case KeyName.Delete or KeyName.DeleteOrClose when _cursor < _line.Count:
                _line.RemoveAt(_cursor);
                break;
            case KeyName.EraseToStart:
                _line.RemoveRange(0, _cursor);
                _cursor = 0;
                break;
            case KeyName.EraseToEnd:
                _line.RemoveRange(_cursor, _line.Count - _cursor);
                break;
            case KeyName.EraseWord:
                int start = _cursor;
                while (start > 0 && _line[start - 1].Value == ' ')
                    start--;
                while (start > 0 && _line[start - 1].Value != ' ')
                    start--;
                _line.RemoveRange(start, _cursor - start);
                _cursor = start;
                break;
            case KeyName.Up when _past > 0:
                Recall(_past - 1);
                break;
            case KeyName.Down when _past < history.Lines.Count:
                Recall(_past + 1);
                break;
            case KeyName.Clear:
                output.Write("\e[H\e[2J");
                _row = 0;
                break;
        }
    }

    private void Recall(int past)
    {
        if (_past == history.Lines.Count)
            _present = Text;
        _past = past;
        Replace(past == history.Lines.Count ? _present : history.Lines[past]);
    }

    private async Task CompleteAsync()
    {
        string before = Join(_line[.._cursor]);
        Completion found = await complete(before);
        string after = Join(_line[_cursor..]);
        if (found.Text != before)
        {
            Replace(found.Text + after);
            _cursor = found.Text.EnumerateRunes().Count();
        }
        else if (found.Choices.Count > 1)
        {
            int cursor = _cursor;
            _cursor = _line.Count;
            Show();
            output.Write("\r\n");
            output.Write(Columns.Arrange(found.Choices, width()).Replace("\n", "\r\n", StringComparison.Ordinal));
            (_cursor, _row) = (cursor, 0);
        }
        else if (found.Choices.Count == 0)
        {
            output.Write('\a');
        }
    }

    private void Replace(string text)
    {
        _line.Clear();
        _line.AddRange(text.EnumerateRunes());
        _cursor = _line.Count;
    }

    /// <summary>Writes prompt and line anew, over as many rows as they need.</summary>
    private void Show()
    {
        int columns = Math.Max(2, width());
        var text = new StringBuilder();
        if (_row > 0)
            text.Append($"\e[{_row}A");
        text.Append("\r\e[J").Append(_prompt);
        int column = Cells.Of(_prompt) % columns;
        int row = Cells.Of(_prompt) / columns;
        (int Row, int Column) cursor = (row, column);
        for (int i = 0; i <= _line.Count; i++)
        {
            if (i == _cursor)
                cursor = (row, column);
            if (i == _line.Count)
                break;
            int cells = Cells.Of(_line[i]);
            if (column + cells > columns)
            {
                (row, column) = (row + 1, 0);
                if (i == _cursor)
                    cursor = (row, column);
                text.Append("\r\n");
            }

            text.Append(_line[i]);
            column += cells;
        }

        if (column == columns)
        {
            text.Append("\r\n");
            (row, column) = (row + 1, 0);
        }

        if (cursor.Column == columns)
            cursor = (cursor.Row + 1, 0);
        if (row > cursor.Row)
            text.Append($"\e[{row - cursor.Row}A");
        text.Append('\r');
        if (cursor.Column > 0)
            text.Append($"\e[{cursor.Column}C");
        _row = cursor.Row;
        output.Write(text.ToString());
        output.Flush();
    }

    private void Finish()
    {
        _cursor = _line.Count;
        Show();
        output.Write("\r\n");
        output.Flush();
    }

    private static string Join(IEnumerable<Rune> runes) => string.Concat(runes);
}

/// <summary>What Tab found.</summary>
/// <param name="Text">The text before the cursor, as far as there is only one way to go on.</param>
/// <param name="Choices">Where there are several, the names to choose from.</param>
internal sealed record Completion(string Text, IReadOnlyList<string> Choices);
