namespace Dialtone.Cli;

/// <summary>The marks of the chat's screens: letters of Unicode, or plain ASCII where the terminal may not know those.</summary>
internal sealed record Signs(string Sent, string Delivered, string Failed, string Verified, string Claimed, string Chosen, string To, char Rule)
{
    private static readonly Signs Unicode = new("·", "✓", "✗", "✓", "?", "▸", "→", '─');

    private static readonly Signs Ascii = new(".", "+", "!", "ok", "?", ">", "to", '-');

    /// <summary>What fits the terminal, by the variables that name its letters (POSIX: the first that is set decides).</summary>
    public static Signs Of(Func<string, string?> variable)
    {
        string? locale = ((string[])["LC_ALL", "LC_CTYPE", "LANG"]).Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        string letters = locale?.Replace("-", "", StringComparison.Ordinal) ?? "";
        return letters.Contains("utf8", StringComparison.OrdinalIgnoreCase) || OperatingSystem.IsMacOS() ? Unicode : Ascii;
    }

    /// <summary>What stands behind an address: it was proven, or only claimed.</summary>
    public string Verdict(bool isVerified) => isVerified ? Verified : Claimed;
}
