using System.Globalization;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>The flags that say what an account may do.</summary>
internal static class UserFlags
{
    public static readonly Flag<string> Accounts = new("--accounts", "FILE", "The accounts file", Values.Text) { DefaultText = "~/.config/dialtone/accounts.json" };

    public static readonly Flag<VirtualPath> Home = new("--home", "FOLDER", "The folder of the share that the user sees as /; made at the first log-in", ReadHome) { DefaultText = "/NAME" };

    public static readonly Flag<Limit> Quota = new("--quota", "SIZE", "How much the home may hold: 500M, 10G (powers of 1024), or none", text => Limit.Read(text, Values.Size)) { DefaultText = "none" };

    public static readonly Flag<Limit> QuotaFiles = new("--quota-files", "N", "How many files the home may hold, or none", text => Limit.Read(text, text => Values.Number(1)(text))) { DefaultText = "none" };

    public static readonly Flag<FolderRights> Rights = new("--rights", "[FOLDER=]RIGHTS", "list, read, create, overwrite, delete, rename, mkdir, write, all or none, with commas between; for the home, or for a folder of it", FolderRights.Read) { Repeats = true, DefaultText = "all" };

    public static readonly Flag<string> Key = new("--key", "FINGERPRINT", "A client key that logs in without a password; 'dialtone key show' prints its fingerprint", ReadKey) { Repeats = true };

    public static readonly Flag<Expiry> Expires = new("--expires", "DATE", "From this day on (UTC) nobody logs in: 2030-12-31, or never", Expiry.Read) { DefaultText = "never" };

    public static readonly Flag<bool> Json = new("--json", null, "One JSON array, for programs", Values.Switch);

    private static VirtualPath ReadHome(string text) =>
        AccountRules.TryParseHome(text, out VirtualPath? home, out string? problem) ? home : throw new FormatException(problem);

    private static string ReadKey(string text) => text == "none" || CertificateFingerprint.IsFingerprint(text)
        ? text
        : throw new FormatException("a fingerprint is SHA256: and 43 letters, as 'dialtone key show' prints it.");
}

/// <summary>A number, or none.</summary>
internal readonly record struct Limit(long? Value)
{
    public static Limit Read(string text, Func<string, long> read) => text switch
    {
        "none" => new Limit(null),
        "0" => throw new FormatException("0 is no quota: write none for no limit, and --rights read for a user who may not write."),
        _ => new Limit(read(text)),
    };
}

/// <summary>A day from which on an account is refused, or never.</summary>
internal readonly record struct Expiry(DateTimeOffset? At)
{
    public static Expiry Read(string text)
    {
        if (text == "never")
            return new Expiry(null);
        string[] formats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, Utc, out DateTimeOffset at)
            ? new Expiry(at)
            : throw new FormatException($"'{text}' is no date; write 2030-12-31, 2030-12-31T18:00Z or never.");
    }
}

/// <summary>Rights in a folder of the home.</summary>
internal sealed record FolderRights(VirtualPath Folder, FileRights Rights)
{
    // rights = [ folder "=" ] word *( "," word )      ; a folder begins with "/"
    public static FolderRights Read(string text)
    {
        VirtualPath? folder = VirtualPath.Root;
        string words = text;
        if (text.StartsWith('/'))
        {
            int equals = text.LastIndexOf('=');
            if (equals < 0)
                throw new FormatException($"'{text}' names a folder and no rights; write {text}=read.");
            words = text[(equals + 1)..];
            if (!VirtualPath.TryParse(text[..equals], null, out folder, out string? wrong))
                throw new FormatException(wrong);
        }

        return FileRightsText.TryParse(words, out FileRights rights, out string? problem) ? new FolderRights(folder, rights) : throw new FormatException(problem);
    }
}
