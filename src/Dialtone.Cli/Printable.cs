using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>Text from files and peers, made fit for a terminal.</summary>
internal static class Printable
{
    /// <summary>The text with what could move the cursor or turn the writing replaced by <c>\u</c> escapes, cut at 200 characters.</summary>
    public static string Of(string text)
    {
        var result = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (result.Length >= 200)
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
