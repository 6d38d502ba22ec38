using System.Buffers;
using System.Text;

namespace Dialtone.Files;

/// <summary>Words as a POSIX shell splits and quotes them, and nothing else of a shell: no wildcards, variables or commands.</summary>
internal static class ShellWords
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%");

    /// <summary>The words of a text. White space separates; <c>'…'</c>, <c>"…"</c> and <c>\</c> quote; a quote that is not closed quotes the rest.</summary>
    public static List<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c is ' ' or '\t' or '\r' or '\n' or '\v' or '\f')
            {
                if (inWord)
                    words.Add(word.ToString());
                word.Clear();
                inWord = false;
                continue;
            }

            inWord = true;
            if (quote == '\0' && c is '\'' or '"')
                quote = c;
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                word.Append(text[++i]);
            else
                word.Append(c);
        }

        if (inWord)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>A word so that a shell takes it for what it is, and never for an option.</summary>
    public static string Quote(string word)
    {
        if (word.StartsWith('-'))
            word = "./" + word;
        return word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Plain) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
