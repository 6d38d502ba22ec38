using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>Makes the terminal show frames, by as little writing as it takes: rows that are as before are not written again.</summary>
internal sealed class FramePainter(bool usesStyle)
{
    private string?[] _shown = [];

    /// <summary>Forgets what is shown: the next frame is written whole.</summary>
    public void Forget() => _shown = [];

    /// <summary>What must be written to a terminal of this width for it to show the frame.</summary>
    public string Paint(Frame frame, int width)
    {
        var text = new StringBuilder("\e[?25l");
        if (_shown.Length != frame.Rows.Count)
        {
            text.Append("\e[H\e[2J");
            _shown = new string?[frame.Rows.Count];
        }

        for (int i = 0; i < _shown.Length; i++)
        {
            string row = frame.Rows[i].Render(usesStyle);
            if (row == _shown[i])
                continue;
            _shown[i] = row;
            text.Append(CultureInfo.InvariantCulture, $"\e[{i + 1};1H{row}");
            if (frame.Rows[i].Width < width)
                text.Append("\e[K"); // not behind a full row, where the cursor still stands on the last cell
        }

        return text.Append(CultureInfo.InvariantCulture, $"\e[{frame.CursorRow + 1};{frame.CursorColumn + 1}H\e[?25h").ToString();
    }
}
