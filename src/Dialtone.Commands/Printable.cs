using System.Globalization;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Text of a peer as people may see it: what could move a cursor or turn the line around is escaped, and what is long is cut.</summary>
internal static class Printable
{
    public static string Of(string text, int most = 200)
    {
        var shown = new StringBuilder();
        foreach (char letter in text.Length > most ? text.AsSpan(0, most) : text)
        {
            bool isPlain = char.GetUnicodeCategory(letter) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            if (isPlain)
                shown.Append(letter);
            else
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
        }

        return text.Length > most ? $"{shown}…" : shown.ToString();
    }
}
