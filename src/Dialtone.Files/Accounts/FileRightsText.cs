using System.Diagnostics.CodeAnalysis;

namespace Dialtone.Files;

/// <summary>Rights as people write them: <c>list</c>, <c>read</c>, <c>create</c>, <c>overwrite</c>, <c>delete</c>, <c>rename</c>, <c>mkdir</c>;
/// <c>write</c> for create, overwrite and mkdir; <c>all</c>; <c>none</c>. Separated by commas.</summary>
public static class FileRightsText
{
    private static readonly (string Word, FileRights Rights)[] Words =
    [
        ("all", FileRights.All),
        ("list", FileRights.List),
        ("read", FileRights.Read),
        ("write", FileRights.Write),
        ("create", FileRights.Create),
        ("overwrite", FileRights.Overwrite),
        ("mkdir", FileRights.MakeFolder),
        ("delete", FileRights.Delete),
        ("rename", FileRights.Rename),
    ];

    /// <summary>Reads rights. An unknown word makes the whole unreadable: a rule that is not understood must not be half applied.</summary>
    /// <param name="text">Words separated by commas, with or without spaces.</param>
    /// <param name="rights">The rights, if true is returned.</param>
    /// <param name="problem">What is wrong, if false is returned.</param>
    public static bool TryParse(string? text, out FileRights rights, [NotNullWhen(false)] out string? problem)
    {
        rights = FileRights.None;
        problem = null;
        string[] words = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (words is ["none"])
            return true;
        foreach (string word in words)
        {
            FileRights one = Words.FirstOrDefault(known => known.Word == word).Rights;
            if (one == FileRights.None)
            {
                problem = word switch
                {
                    "" => "Rights are missing; write 'none' where none are meant.",
                    "none" => "'none' stands alone.",
                    _ => "Rights are list, read, create, overwrite, delete, rename, mkdir, write, all or none.",
                };
                rights = FileRights.None;
                return false;
            }

            rights |= one;
        }

        return true;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public static FileRights Parse(string? text) => TryParse(text, out FileRights rights, out string? problem) ? rights : throw new FormatException(problem);

    /// <summary>The shortest words that <see cref="Parse"/> reads back.</summary>
    public static string Format(FileRights rights)
    {
        var words = new List<string>();
        foreach ((string word, FileRights meant) in Words)
        {
            if ((rights & meant) != meant)
                continue;
            words.Add(word);
            rights &= ~meant;
        }

        return words.Count == 0 ? "none" : string.Join(',', words);
    }
}
