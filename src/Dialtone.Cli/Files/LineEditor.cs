using System.Text;

namespace Dialtone.Cli;

/// <summary>One line of the shell while it is typed: keys go in, what the terminal must show comes out.</summary>
/// <param name="output">Where the line is shown.</param>
/// <param name="width">Cells in a line of the terminal, asked at each key.</param>
/// <param name="history">What the arrows up and down bring back.</param>
/// <param name="complete">What Tab may put in the place of the text before the cursor.</param>
internal sealed class LineEditor(TextWriter output, Func<int> width, History history, Func<string, Task<Completion>> complete)
{
    private readonly EditedLine _line = new(history);
    private string _prompt = "";
    private int _row; // of the terminal's cursor, below the first row of the prompt

    /// <summary>Takes keys until the line is whole.</summary>
    /// <returns>The line; null for the end of the input (Ctrl-D on an empty line); empty after Ctrl-C.</returns>
    public async Task<string?> ReadAsync(string prompt, TerminalScreen.RawInput input)
    {
        (_prompt, _row) = (prompt, 0);
        _line.Clear();
        Show();
        while (true)
        {
            Key key = KeyReader.Read(input.ReadByte, () => input.HasMore);
            switch (key.Name)
            {
                case KeyName.Closed:
                case KeyName.DeleteOrClose when _line.IsEmpty:
                    Finish();
                    return null;
                case KeyName.Enter:
                    Finish();
                    return _line.Text;
                case KeyName.Cancel:
                    _line.Apply(new Key(KeyName.End));
                    Show();
                    output.Write("^C\r\n");
                    output.Flush();
                    return "";
                case KeyName.Tab:
                    await CompleteAsync();
                    break;
                case KeyName.Clear:
                    output.Write("\e[H\e[2J");
                    _row = 0;
                    break;
                default:
                    _line.Apply(key);
                    break;
            }

            Show();
        }
    }

    private async Task CompleteAsync()
    {
        string before = _line.BeforeCursor;
        Completion found = await complete(before);
        if (found.Text != before)
        {
            _line.ReplaceBefore(found.Text);
        }
        else if (found.Choices.Count > 1)
        {
            int cursor = _line.Cursor;
            _line.Apply(new Key(KeyName.End));
            Show();
            output.Write("\r\n");
            output.Write(Columns.Arrange(found.Choices, width()).Replace("\n", "\r\n", StringComparison.Ordinal));
            _line.MoveTo(cursor);
            _row = 0;
        }
        else if (found.Choices.Count == 0)
        {
            output.Write('\a');
        }
    }

    /// <summary>Writes prompt and line anew, over as many rows as they need.</summary>
    private void Show()
    {
        (IReadOnlyList<string> rows, int row, int column) = _line.Lay(_prompt, Math.Max(2, width()));
        var text = new StringBuilder();
        if (_row > 0)
            text.Append($"\e[{_row}A");
        text.Append("\r\e[J").AppendJoin("\r\n", rows);
        if (rows.Count - 1 > row)
            text.Append($"\e[{rows.Count - 1 - row}A");
        text.Append('\r');
        if (column > 0)
            text.Append($"\e[{column}C");
        _row = row;
        output.Write(text.ToString());
        output.Flush();
    }

    private void Finish()
    {
        _line.Apply(new Key(KeyName.End));
        Show();
        output.Write("\r\n");
        output.Flush();
    }
}

/// <summary>What Tab found.</summary>
/// <param name="Text">The text before the cursor, as far as there is only one way to go on.</param>
/// <param name="Choices">Where there are several, the names to choose from.</param>
internal sealed record Completion(string Text, IReadOnlyList<string> Choices);
