using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Dialtone.Files;

/// <summary>What names and homes of accounts may be: nothing that becomes another folder on the way.</summary>
public static class AccountRules
{
    private static readonly SearchValues<char> Special = SearchValues.Create("/\\%{}$*?");
    private static readonly SearchValues<char> Templates = SearchValues.Create("%{}$*?");

    /// <summary>What is wrong with a name, as a sentence; null if nothing is. A name is one <see cref="CredentialRules"/> allows that could also name a folder,
    /// so that a home can be called after its account.</summary>
    public static string? CheckName(string? name)
    {
        // What is compared and made a folder of is the prepared name, in which a full-width solidus is a plain one.
        if (!CredentialRules.IsName(name) || !CredentialRules.IsName(name = CredentialRules.Prepare(name!)))
            return $"A user name is 1 to {CredentialRules.MaxNameBytes} bytes without control or formatting characters and without spaces at its ends.";
        if (name is "." or ".." or VirtualPath.PrivateFolder)
            return "A user name that is '.', '..' or the server's own cannot be used.";
        return name.AsSpan().ContainsAny(Special) ? "A user name holds none of / \\ % { } $ * ?." : null;
    }

    /// <summary>Reads a home: an absolute path in plain, without <c>.</c>, <c>..</c> and empty names. Templates are not expanded, and refused.</summary>
    /// <param name="text">Such as <c>/alex</c>; <c>/</c> is the whole share.</param>
    /// <param name="home">The folder, if true is returned.</param>
    /// <param name="problem">What is wrong, if false is returned.</param>
    public static bool TryParseHome(string? text, [NotNullWhen(true)] out VirtualPath? home, [NotNullWhen(false)] out string? problem) =>
        TryParseFolder(text, "A home", out home, out problem);

    internal static bool TryParseFolder(string? text, string what, [NotNullWhen(true)] out VirtualPath? folder, [NotNullWhen(false)] out string? problem)
    {
        folder = null;
        problem = null;
        if (string.IsNullOrEmpty(text) || text[0] != '/')
            problem = $"{what} begins with /.";
        else if (text.AsSpan().ContainsAny(Templates))
            problem = $"{what} is a plain path: templates and wildcards are not expanded.";
        else if (text.Length > 1 && text.Split('/')[1..].Any(name => name is "" or "." or ".."))
            problem = $"{what} holds no empty names, '.' or '..'.";
        return problem is null && VirtualPath.TryParse(text, null, out folder, out problem);
    }
}
