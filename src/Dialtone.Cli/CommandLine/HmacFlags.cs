using System.Runtime.CompilerServices;

namespace Dialtone.Cli;

/// <summary>The key at the door, on either side. A key never stands on the command line, where every user of the machine can read it.</summary>
internal static class HmacFlags
{
    public const string Variable = "DIALTONE_HMAC_KEY";

    public static readonly Flag<string> KeyFile = new("--hmac-key-file", "FILE", $"Ask callers for the HMAC of a challenge under the key in this file, mode 0600; also from {Variable}", Values.Text) { Repeats = true, IsPath = true };

    public static readonly Flag<string> AnswerKeyFile = new("--hmac-key-file", "FILE", $"Answer the server's HMAC challenge with the key in this file, mode 0600; also from {Variable}", Values.Text);

    public static readonly Flag<HmacDigest> Digest = new("--hmac", "DIGEST", "md5 (for the tutorials' scripts), sha1, sha256 or sha512", Values.Digest) { DefaultText = "sha256" };

    // Read once however often it is asked for, and for however many hosts: a key may come through a pipe.
    private static readonly ConditionalWeakTable<Arguments, Lazy<IReadOnlyList<HmacKey>>> AlreadyRead = [];

    public static HmacDigest DigestOf(Arguments arguments) => arguments.Get(Digest, HmacDigest.Sha256);

    /// <summary>The keys of the files, or the one of the environment; none when the door is open.</summary>
    /// <exception cref="CliException">A digest was named, and no key.</exception>
    public static IReadOnlyList<HmacKey> Keys(Arguments arguments, Flag<string> flag) =>
        AlreadyRead.GetValue(arguments, _ => new Lazy<IReadOnlyList<HmacKey>>(() => Read(arguments, flag))).Value;

    private static IReadOnlyList<HmacKey> Read(Arguments arguments, Flag<string> flag)
    {
        IReadOnlyList<string> files = arguments.All(flag);
        if (files.Count > 0)
            return [.. files.Select(file => HmacKey.FromFile(file))];
        if (Environment.GetEnvironmentVariable(Variable) is not null) // empty is a secret that got lost, and must not open the door
            return [HmacKey.FromEnvironment(Variable)];
        return arguments.Has(Digest)
            ? throw CliException.Usage("--hmac names a digest, and there is no key for it.", $"Add --hmac-key-file FILE, or set {Variable}.")
            : [];
    }
}
