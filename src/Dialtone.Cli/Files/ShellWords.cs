using System.Text;

namespace Dialtone.Cli;

/// <summary>Splits a line of the shell into words, with quotes as people know them.</summary>
internal static class ShellWords
{
    // line   = *( blank | word )
    // word   = 1*( letter | "\" any | "'" *any "'" | '"' *( any | "\" any ) '"' )
    /// <summary>The words. A letter that was quoted and could be a pattern's keeps a <c>\</c> before it, so that it means itself.</summary>
    /// <exception cref="CliException">A quote is not closed.</exception>
    public static List<string> Split(string line)
    {
        List<string> words = Split(line, out char quote, out bool isWord, out _);
        if (quote != '\0')
            throw CliException.Usage(quote == '\\' ? @"The line ends in a \." : $"A quote is not closed: {quote}");
        return isWord ? words : words[..^1];
    }

    /// <summary>As <see cref="Split"/>, for a line that is still being written. Ends in an empty word where the next one begins.</summary>
    /// <param name="line">The line.</param>
    /// <param name="start">Where its last word begins.</param>
    public static List<string> SplitOpen(string line, out int start) => Split(line, out _, out _, out start);

    /// <summary>The name as it must be typed.</summary>
    public static string Quote(string name)
    {
        var typed = new StringBuilder();
        foreach (char c in name)
        {
            if (c is ' ' or '\t' or '\'' or '"' or '\\' or '*' or '?' or '[' or '!')
                typed.Append('\\');
            typed.Append(c);
        }

        return typed.ToString();
    }

    private static List<string> Split(string line, out char quote, out bool isWord, out int start)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        isWord = false;
        quote = '\0';
        start = line.Length;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote == '\0' && c is ' ' or '\t')
            {
                if (isWord)
                    words.Add(word.ToString());
                word.Clear();
                (isWord, start) = (false, line.Length);
                continue;
            }

            if (!isWord)
                start = i;
            isWord = true;
            if (c == '\\' && quote != '\'')
            {
                if (i + 1 == line.Length)
                {
                    quote = '\\';
                    break;
                }

                AppendQuoted(word, line[++i]);
            }
            else if (c is '\'' or '"' && (quote == '\0' || quote == c))
            {
                quote = quote == '\0' ? c : '\0';
            }
            else if (quote != '\0')
            {
                AppendQuoted(word, c);
            }
            else
            {
                word.Append(c);
            }
        }

        words.Add(word.ToString());
        return words;
    }

    private static void AppendQuoted(StringBuilder word, char c)
    {
        if (c is '*' or '?' or '[' or '\\')
            word.Append('\\');
        word.Append(c);
    }
}
