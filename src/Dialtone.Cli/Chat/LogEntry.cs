using System.Globalization;

namespace Dialtone.Cli;

/// <summary>What became of a message of ours.</summary>
internal enum Mark
{
    /// <summary>It is nobody's concern: the message is somebody else's.</summary>
    None,
    Sent,
    Delivered,
    Failed,
}

/// <summary>Something that was said, or happened, as the log shows it.</summary>
/// <param name="at">When.</param>
/// <param name="head">Who said it and where; empty for what the tool itself says.</param>
/// <param name="text">What was said, as it came.</param>
internal sealed class LogEntry(DateTimeOffset at, ScreenText head, string text)
{
    private const int MostLines = 12; // of what others said, lest one of them fills the screen
    private const int TimeCells = 9;
    private IReadOnlyList<ScreenText>? _rows;
    private int _width; // that the rows are broken for

    public DateTimeOffset At => at;

    /// <summary>The day it was said, here.</summary>
    public DateOnly Day { get; } = DateOnly.FromDateTime(at.ToLocalTime().DateTime);

    public Look Look { get; init; }

    /// <summary>The tool says it, not somebody else: it is shown whole.</summary>
    public bool IsOurs { get; init; }

    public Mark Mark { get; private set; }

    /// <summary>Beside the mark: how many of how many have it, or why nobody has.</summary>
    public string? Note { get; private set; }

    public void Become(Mark mark, string? note = null)
    {
        (Mark, Note) = (mark, note);
        _rows = null;
    }

    /// <summary>As rows of a screen of this width.</summary>
    /// <param name="width">In cells.</param>
    /// <param name="signs">The letters for marks.</param>
    /// <param name="hasMarks">Whether a column is kept for the marks.</param>
    public IReadOnlyList<ScreenText> Rows(int width, Signs signs, bool hasMarks)
    {
        if (_rows is not null && _width == width)
            return _rows;
        var rows = new List<ScreenText>();
        int indent = TimeCells + (hasMarks ? 2 : 0);
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        if (lines.Length > MostLines && !IsOurs)
            lines = [.. lines[..(MostLines - 1)], $"… {lines.Length - MostLines + 1} more lines"];
        for (int i = 0; i < lines.Length; i++)
        {
            var row = new ScreenText();
            if (i == 0)
                Begin(row, signs, hasMarks);
            row.Fill(' ', indent);
            if (i == 0)
                row.Add(head);
            row.Add(lines[i], Look);
            if (i == lines.Length - 1 && Note is not null)
                row.Add($"  ({Note})", Mark == Mark.Failed ? Look.Bad : Look.Faint);
            rows.AddRange(row.Wrap(width, indent));
        }

        (_rows, _width) = (rows, width);
        return rows;
    }

    private void Begin(ScreenText row, Signs signs, bool hasMarks)
    {
        row.AddOwn(at.ToLocalTime().ToString("HH:mm:ss ", CultureInfo.InvariantCulture), Look.Faint);
        if (hasMarks && Mark != Mark.None)
            row.AddOwn(Sign(signs), Mark switch { Mark.Delivered => Look.Good, Mark.Failed => Look.Bad, _ => Look.Faint });
    }

    private string Sign(Signs signs) => Mark switch
    {
        Mark.Sent => signs.Sent,
        Mark.Delivered => signs.Delivered,
        _ => signs.Failed,
    };
}
