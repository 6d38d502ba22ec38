using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Takes a line apart into words as a shell would, and refuses what only a shell could do.</summary>
internal static class ShellWords
{
    private const string Special = "|&;<>()$`*?[]{}#~!\n\r";

    // line  = [blank] *( word blank )
    // word  = 1*( letter | "\" any | "'" *any "'" | '"' *( any | "\" ( '"' | "\" | "$" | "`" ) ) '"' )
    public static bool TrySplit(string line, out IReadOnlyList<string> words, [NotNullWhen(false)] out string? problem)
    {
        var all = new List<string>();
        words = all;
        problem = null;
        StringBuilder? word = null;
        for (int i = 0; i < line.Length; i++)
        {
            char letter = line[i];
            switch (letter)
            {
                case ' ' or '\t':
                    if (word is not null)
                        all.Add(word.ToString());
                    word = null;
                    continue;
                case '\'':
                    int end = line.IndexOf('\'', i + 1);
                    if (end < 0)
                        break;
                    (word ??= new()).Append(line, i + 1, end - i - 1);
                    i = end;
                    continue;
                case '"':
                    if (!TryQuoted(line, ref i, word ??= new()))
                        break;
                    continue;
                case '\\' when i + 1 < line.Length && line[i + 1] != '\n':
                    (word ??= new()).Append(line[++i]);
                    continue;
                case '\\':
                    break;
                default:
                    if (Special.Contains(letter, StringComparison.Ordinal) || char.IsControl(letter))
                        break;
                    (word ??= new()).Append(letter);
                    continue;
            }

            problem = letter is '\'' or '"' or '\\'
                ? "The line has a quote that does not end, or something in quotes that only a shell could do."
                : $"'{Printable.Of(letter.ToString())}' means something to a shell, and no shell runs this line.";
            return false;
        }

        if (word is not null)
            all.Add(word.ToString());
        return true;
    }

    private static bool TryQuoted(string line, ref int at, StringBuilder word)
    {
        for (int i = at + 1; i < line.Length; i++)
        {
            switch (line[i])
            {
                case '"':
                    at = i;
                    return true;
                case '$' or '`':
                    return false;
                case '\\' when i + 1 < line.Length && line[i + 1] is '"' or '\\' or '$' or '`':
                    word.Append(line[++i]);
                    break;
                default:
                    word.Append(line[i]);
                    break;
            }
        }

        return false;
    }
}
