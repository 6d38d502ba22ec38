using System.Globalization;
using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>What may be the name of somebody or of a room.</summary>
internal static class ChatNames
{
    private const int MaxCharacters = 32;

    /// <summary>Names that differ only in case are the same.</summary>
    public static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;

    /// <summary>The name in normal form; null if it cannot be one.</summary>
    public static string? Normalize(string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > 2 * MaxCharacters || !IsWellFormed(name))
            return null;
        name = name.Normalize(NormalizationForm.FormC);
        int count = 0;
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (++count > MaxCharacters || !IsAllowed(rune))
                return null;
        }

        bool isAddress = IPAddress.TryParse(name, out IPAddress? address) && address.ToString() == name;
        return isAddress || Comparer.Equals(name, ChatHub.Operator) ? null : name;
    }

    // Signs that commands, addresses and the operator's answers are written with stay free. Composing marks are refused where they were not composed:
    // without tables of the system's (invariant globalization) the same name could otherwise be had in two spellings.
    private static bool IsAllowed(Rune rune) => rune.Value is not (':' or '/' or '@' or '[' or ']' or ',' or '"') && !IsComposing(rune.Value)
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static bool IsWellFormed(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && (i + 1 == name.Length || !char.IsSurrogatePair(name[i], name[++i])))
                return false;
        }

        return true;
    }

    private static bool IsComposing(int value) => value is (>= 0x0300 and <= 0x036F) or (>= 0x1100 and <= 0x11FF) or (>= 0x1AB0 and <= 0x1AFF)
        or (>= 0x1DC0 and <= 0x1DFF) or (>= 0x20D0 and <= 0x20FF) or 0x3099 or 0x309A or (>= 0xFE20 and <= 0xFE2F);
}
