using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>The flags of the verbs about files.</summary>
internal static class FileFlags
{
    public static readonly Flag<string> Save = new("--save", "NAME", "Remember server, user and the server's key: NAME:PATH means it from now on", Bookmarks.CheckName);

    public static readonly Flag<bool> Json = new("--json", null, "Say everything in lines of JSON", Values.Switch);

    public static readonly Flag<bool> Recursive = new("--recursive", null, "Folders too", Values.Switch) { Letter = 'r' };

    public static readonly Flag<bool> FoldersToo = new("--recursive", null, "Accepted; folders are always moved whole", Values.Switch) { Letter = 'r' };

    public static readonly Flag<bool> ListBelow = new("--recursive", null, "The folders below too", Values.Switch) { Letter = 'R' };

    public static readonly Flag<bool> Long = new("--long", null, "Permissions, size and time of each", Values.Switch) { Letter = 'l' };

    public static readonly Flag<bool> Parents = new("--parents", null, "Make missing folders above too; one that exists is fine", Values.Switch) { Letter = 'p' };

    public static readonly Flag<bool> Resume = new("--resume", null, "Go on where an interrupted transfer stopped, after verifying what is there", Values.Switch);

    public static readonly Flag<TransferDigest> Checksum = new("--checksum", "DIGEST", "Verify by crc32c or sha256, and show the digest", Digest) { DefaultText = "crc32c" };

    public static readonly Flag<TransferDigest> SumBy = new("--checksum", "DIGEST", "sha256 or crc32c", Digest) { DefaultText = "sha256" };

    public static readonly Flag<bool> NoVerify = new("--no-verify", null, "Move content without digests", Values.Switch);

    public static readonly Flag<bool> CompareContent = new("--compare", null, "Compare content by digest, whatever the times say", Values.Switch);

    public static readonly Flag<int> Jobs = new("--jobs", "COUNT", "Connections to use at the same time", Values.Number(1, 16)) { DefaultText = "1", Letter = 'j' };

    public static readonly Flag<long> LimitRate = new("--limit-rate", "SIZE", "At most so many bytes a second, such as 500K or 2M", Values.Size);

    public static readonly Flag<bool> Delete = new("--delete", null, "Remove what the source does not have", Values.Switch);

    public static readonly Flag<bool> DryRun = new("--dry-run", null, "Only say what would be done", Values.Switch) { Letter = 'n' };

    public static readonly Flag<Dialect> Dialect = new("--dialect", "NAME", "Speak to a server of the tutorials: json, text or sample", DialectName);

    public static readonly Flag<bool> GoOn = new("--keep-going", null, "Go on after a line that failed", Values.Switch) { Letter = 'k' };

    public static readonly FlagGroup Server = new(
        "Server and log-in",
        CallFlags.Key, PasswordInput.PasswordFile, Save, CallFlags.Trust, CallFlags.KnownHosts, HmacFlags.AnswerKeyFile, HmacFlags.Digest, CallFlags.Timeout);

    private static Dialect DialectName(string text) => text switch
    {
        "json" => Dialtone.Files.Dialect.Json,
        "text" => Dialtone.Files.Dialect.Text,
        "sample" => Dialtone.Files.Dialect.Sample,
        _ => throw new FormatException($"'{text}' is not a dialect; write json, text or sample."),
    };

    private static TransferDigest Digest(string text) => text switch
    {
        "crc32c" => TransferDigest.Crc32C,
        "sha256" => TransferDigest.Sha256,
        _ => throw new FormatException($"'{text}' is not a digest; write crc32c or sha256."),
    };
}
