using System.Text;

namespace Dialtone.Cli;

/// <summary>Shell patterns for one name: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a-z]</c>, and <c>\</c> before a letter that means itself.</summary>
/// <remarks>A name that begins with a dot matches only a pattern that does. Takes time proportional to pattern × name at most.</remarks>
internal sealed class Wildcard
{
    private readonly List<Part> _parts = [];

    private Wildcard(string pattern)
    {
        Rune[] runes = [.. pattern.EnumerateRunes()];
        for (int i = 0; i < runes.Length; i++)
        {
            if (runes[i].Value == '[' && TryReadSet(runes, ref i, out Part? set))
                _parts.Add(set);
            else if (runes[i].Value == '\\' && i + 1 < runes.Length)
                _parts.Add(new Part(Kind.Letter, runes[++i].Value));
            else if (runes[i].Value is '*' or '?')
                _parts.Add(new Part(runes[i].Value == '*' ? Kind.Many : Kind.One));
            else
                _parts.Add(new Part(Kind.Letter, runes[i].Value));
        }
    }

    private enum Kind
    {
        Letter,
        One,
        Many,
        Set,
    }

    public static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>Whether a text holds a pattern, or a letter marked to mean itself.</summary>
    public static bool IsSpecial(string text) => text.AsSpan().ContainsAny(@"*?[\");

    public static Wildcard Parse(string pattern) => new(pattern);

    /// <summary>The text without the marks: what it means when it is no pattern.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    public bool Matches(string name)
    {
        if (name.StartsWith('.') && _parts is not [{ Kind: Kind.Letter, Letter: '.' }, ..])
            return false;
        Rune[] runes = [.. name.EnumerateRunes()];
        // Greedy with one way back: a later star makes every earlier choice final, so nothing is tried twice.
        int part = 0;
        int at = 0;
        int star = -1;
        int starAt = 0;
        while (at < runes.Length)
        {
            if (part < _parts.Count && _parts[part].Kind == Kind.Many)
            {
                star = part++;
                starAt = at;
            }
            else if (part < _parts.Count && _parts[part].Takes(runes[at].Value))
            {
                part++;
                at++;
            }
            else if (star >= 0)
            {
                part = star + 1;
                at = ++starAt;
            }
            else
            {
                return false;
            }
        }

        while (part < _parts.Count && _parts[part].Kind == Kind.Many)
            part++;
        return part == _parts.Count;
    }

    private static bool TryReadSet(Rune[] runes, ref int at, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Part? set)
    {
        set = null;
        int i = at + 1;
        bool isNegated = i < runes.Length && runes[i].Value is '!' or '^';
        if (isNegated)
            i++;
        var ranges = new List<(int From, int To)>();
        for (int first = i; i < runes.Length && (runes[i].Value != ']' || i == first); i++)
        {
            int from = runes[i].Value;
            if (i + 2 < runes.Length && runes[i + 1].Value == '-' && runes[i + 2].Value != ']')
                i += 2;
            ranges.Add((from, runes[i].Value));
        }

        if (i >= runes.Length)
            return false; // never closed: a bracket like any letter
        at = i;
        set = new Part(Kind.Set) { Ranges = ranges, IsNegated = isNegated };
        return true;
    }

    private sealed record Part(Kind Kind, int Letter = 0)
    {
        public List<(int From, int To)> Ranges { get; init; } = [];

        public bool IsNegated { get; init; }

        public bool Takes(int letter) => Kind switch
        {
            Kind.Letter => letter == Letter,
            Kind.One => true,
            _ => Ranges.Exists(range => letter >= range.From && letter <= range.To) != IsNegated,
        };
    }
}
