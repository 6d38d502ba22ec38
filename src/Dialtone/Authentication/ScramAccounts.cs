using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>Where a SCRAM server finds verifiers; answers for a name that nobody has as plausibly as for one that somebody has.</summary>
public sealed class ScramAccounts
{
    /// <summary>Least length of the secret, in bytes.</summary>
    public const int MinSecretBytes = 32;

    private readonly Func<string, ScramVerifier?> _find;
    private readonly byte[] _secret;
    private readonly int _iterations;

    /// <summary>Accounts by name.</summary>
    /// <param name="find">The verifier of a name (as <see cref="CredentialRules.Prepare"/> makes it), or null when there is none or it may not log in. Called from many threads.</param>
    /// <param name="secret">Makes the invented salts of unknown names. Keep it over restarts: an unknown name whose salt
    /// changes gives itself away. At least <see cref="MinSecretBytes"/>.</param>
    /// <param name="iterations">What an unknown name is said to need; use what the accounts are made with.</param>
    public ScramAccounts(Func<string, ScramVerifier?> find, ReadOnlySpan<byte> secret, int iterations = ScramVerifier.DefaultIterations)
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, MinSecretBytes, nameof(secret));
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, ScramVerifier.MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, ScramVerifier.MaxIterations);
        _find = find;
        _secret = secret.ToArray();
        _iterations = iterations;
    }

    // The name is prepared. The invented verifier is always made, so that both kinds of name cost the same.
    internal ScramVerifier Find(string name, out bool known)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] salt = Derive("salt"u8, utf8)[..ScramVerifier.SaltBytes];
        var invented = new ScramVerifier(salt, _iterations, Derive("stored key"u8, utf8), Derive("server key"u8, utf8));
        ScramVerifier? found = CredentialRules.IsName(name) ? _find(name) : null;
        known = found is not null;
        return found ?? invented;
    }

    private byte[] Derive(ReadOnlySpan<byte> purpose, byte[] name)
    {
        byte[] message = [(byte)purpose.Length, .. purpose, .. name];
        return HMACSHA256.HashData(_secret, message);
    }
}
