using System.Text;

namespace Dialtone;

/// <summary>SASLprep (RFC 4013), by which one name or password typed in two ways becomes the same bytes.</summary>
/// <remarks>Unicode 3.2, as stringprep has it (RFC 3454), whatever the system and its globalization settings.</remarks>
internal static class SaslPrep
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    /// <summary>
    /// The prepared text; or the text as it is where SASLprep prohibits it (characters younger than Unicode 3.2, such as most emoji, mixed
    /// directions, nothing left): PostgreSQL and its clients do so, and otherwise nobody could log in with it.
    /// </summary>
    internal static string Prepare(string text) =>
        !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text : TryPrepare(text, out string prepared) ? prepared : text;

    /// <summary>Whether the text may stand as a stored string, and how.</summary>
    internal static bool TryPrepare(string text, out string prepared)
    {
        prepared = "";
        SaslPrepTables tables = SaslPrepTables.Shared;
        var points = new List<int>(text.Length);
        for (int i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            if (char.IsSurrogate(text[i]) && !char.IsSurrogatePair(text, i))
                return false;
            int point = char.ConvertToUtf32(text, i);
            if (IsOtherSpace(point))
                Decompose(tables, ' ', points);
            else if (!IsNothing(point))
                Decompose(tables, point, points);
        }

        Order(tables, points);
        Compose(tables, points);
        if (points.Count == 0 || points.Exists(tables.IsProhibited) || !IsOneDirection(tables, points))
            return false;
        prepared = string.Concat(points.Select(char.ConvertFromUtf32));
        return true;
    }

    // RFC 3454 C.1.2. The zero width space is also in B.1; that it becomes a space is PostgreSQL's reading.
    private static bool IsOtherSpace(int point) => point is 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200B) or 0x202F or 0x205F or 0x3000;

    // RFC 3454 B.1, commonly mapped to nothing.
    private static bool IsNothing(int point) => point is 0xAD or 0x34F or 0x1806 or (>= 0x180B and <= 0x180D) or 0x200C or 0x200D or 0x2060
        or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF;

    private static void Decompose(SaslPrepTables tables, int point, List<int> into)
    {
        int syllable = point - HangulBase;
        if (syllable is >= 0 and < Syllables)
        {
            into.Add(LeadBase + syllable / (Vowels * Trails));
            into.Add(VowelBase + syllable / Trails % Vowels);
            if (syllable % Trails > 0)
                into.Add(TrailBase + syllable % Trails);
        }
        else if (tables.Decompose(point) is { IsEmpty: false } parts)
        {
            into.AddRange(parts);
        }
        else
        {
            into.Add(point);
        }
    }

    // Marks after one another by their class, those of one class in the order they came: a stable sort between characters of class 0.
    private static void Order(SaslPrepTables tables, List<int> points)
    {
        for (int start = 0; start < points.Count; start++)
        {
            int end = start;
            while (end < points.Count && tables.Class(points[end]) > 0)
                end++;
            if (end - start > 1)
            {
                int[] sorted = [.. points[start..end].OrderBy(tables.Class)];
                for (int i = 0; i < sorted.Length; i++)
                    points[start + i] = sorted[i];
            }

            start = end;
        }
    }

    // A mark joins the last character of class 0 unless one of its own class, or none at all, stands between them.
    private static void Compose(SaslPrepTables tables, List<int> points)
    {
        int starter = -1, kept = 0, lastClass = 0;
        foreach (int point in points.ToArray())
        {
            int ownClass = tables.Class(point);
            bool isNext = starter == kept - 1;
            if (starter >= 0 && (isNext || (lastClass != 0 && lastClass < ownClass)) && TryCompose(tables, points[starter], point, out int composite))
            {
                points[starter] = composite;
                continue;
            }

            if (ownClass == 0)
                starter = kept;
            lastClass = ownClass;
            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static bool TryCompose(SaslPrepTables tables, int first, int second, out int composite)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, syllable = first - HangulBase, trail = second - TrailBase;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
            composite = HangulBase + (lead * Vowels + vowel) * Trails;
        else if (syllable is >= 0 and < Syllables && syllable % Trails == 0 && trail is > 0 and < Trails)
            composite = first + trail;
        else
            return tables.TryCompose(first, second, out composite);
        return true;
    }

    // RFC 3454 §6: what holds a right-to-left character begins and ends with one and holds no left-to-right one.
    private static bool IsOneDirection(SaslPrepTables tables, List<int> points) =>
        !points.Exists(tables.IsRightToLeft)
        || (tables.IsRightToLeft(points[0]) && tables.IsRightToLeft(points[^1]) && !points.Exists(tables.IsLeftToRight));
}
