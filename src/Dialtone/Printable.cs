using System.Globalization;
using System.Text;

namespace Dialtone;

/// <summary>Text from files and peers, made fit for a terminal and a log.</summary>
public static class Printable
{
    /// <summary>The text with what could move a cursor or turn the writing around replaced by escapes such as <c>\u{1b}</c>.</summary>
    /// <param name="text">What somebody else wrote.</param>
    /// <param name="most">Where to cut it, in characters of the result; an ellipsis then says so. Default 200.</param>
    public static string Of(string text, int most = 200)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (result.Length >= most)
                return result.Append('…').ToString();
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
                result.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            else
                result.Append(rune.ToString());
        }

        return result.ToString();
    }
}
