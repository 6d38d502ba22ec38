using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>Text from files and peers, made fit for a terminal.</summary>
internal static class Printable
{
    /// <summary>A name for standard output: on a terminal as <see cref="Of"/>, whole; piped as it is, for scripts.</summary>
    public static string Name(string name) => Terminal.OutputIsInteractive ? Of(name, int.MaxValue) : name;

    /// <summary>The text with what could move the cursor or turn the writing replaced by <c>\u</c> escapes, cut at 200 characters unless told otherwise.</summary>
    public static string Of(string text, int most = 200)
    {
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
