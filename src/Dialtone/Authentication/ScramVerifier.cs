using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Dialtone;

/// <summary>What a server keeps instead of a password: salt, iterations, StoredKey and ServerKey (RFC 5802 §3, SHA-256).</summary>
/// <remarks>Nobody can log in with it, but guesses can be tried against it and the server be played with it: keep it as a secret.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class ScramVerifier
{
    /// <summary>PBKDF2 iterations of new verifiers: 600,000, OWASP's figure for PBKDF2-HMAC-SHA256.</summary>
    public const int DefaultIterations = 600_000;

    /// <summary>Fewest iterations accepted anywhere: 4,096 (RFC 7677 §4).</summary>
    public const int MinIterations = 4_096;

    /// <summary>Most iterations accepted anywhere: 10,000,000. Sixteen times the default, a few seconds of one core: room
    /// for four doublings of the advice, and an end to what a hostile server can make a client compute.</summary>
    public const int MaxIterations = 10_000_000;

    /// <summary>Bytes of salt in new verifiers.</summary>
    public const int SaltBytes = 16;

    private const string Scheme = "SCRAM-SHA-256";
    private readonly byte[] _salt;
    private readonly byte[] _storedKey;
    private readonly byte[] _serverKey;

    internal ScramVerifier(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) =>
        (_salt, Iterations, _storedKey, _serverKey) = (salt, iterations, storedKey, serverKey);

    /// <summary>PBKDF2 iterations.</summary>
    public int Iterations { get; }

    internal ReadOnlySpan<byte> Salt => _salt;

    internal ReadOnlySpan<byte> StoredKey => _storedKey;

    internal ReadOnlySpan<byte> ServerKey => _serverKey;

    /// <summary>A verifier for a password, with a random salt. Hashes: prefer <see cref="PasswordHasher.CreateAsync"/> in a server.</summary>
    /// <exception cref="ArgumentException">The password breaks <see cref="CredentialRules.IsPassword"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Iterations below <see cref="MinIterations"/> or above <see cref="MaxIterations"/>.</exception>
    public static ScramVerifier Create(string password, int iterations = DefaultIterations) =>
        Create(password, RandomNumberGenerator.GetBytes(SaltBytes), iterations);

    /// <summary>Reads what <see cref="Format"/> wrote; it is also PostgreSQL's format.</summary>
    /// <returns>False when the text is anything else, or its iterations are out of bounds.</returns>
    public static bool TryParse(string? text, out ScramVerifier? verifier)
    {
        verifier = null;
        string[] fields = text is null or { Length: > 1024 } ? [] : text.Split('$');
        if (fields.Length != 3 || fields[0] != Scheme)
            return false;
        string[] cost = fields[1].Split(':');
        string[] keys = fields[2].Split(':');
        if (cost.Length != 2 || keys.Length != 2)
            return false;
        if (!int.TryParse(cost[0], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
            || iterations is < MinIterations or > MaxIterations)
            return false;
        if (!TryBytes(cost[1], out byte[] salt) || !TryBytes(keys[0], out byte[] stored) || !TryBytes(keys[1], out byte[] server))
            return false;
        if (salt.Length == 0 || stored.Length != ScramKeys.Size || server.Length != ScramKeys.Size)
            return false;
        verifier = new ScramVerifier(salt, iterations, stored, server);
        return true;
    }

    /// <summary><c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c>, binary parts in base64: what an account file keeps.</summary>
    public string Format() => string.Create(CultureInfo.InvariantCulture,
        $"{Scheme}${Iterations}:{Convert.ToBase64String(_salt)}${Convert.ToBase64String(_storedKey)}:{Convert.ToBase64String(_serverKey)}");

    /// <summary>Whether this is the password's verifier. Hashes: a server asks <see cref="PasswordHasher"/> instead.</summary>
    public bool Verify(string password)
    {
        if (!CredentialRules.IsPassword(password))
            return false;
        byte[] salted = ScramKeys.SaltedPassword(password, _salt, Iterations);
        byte[] clientKey = ScramKeys.ClientKey(salted);
        bool right = CryptographicOperations.FixedTimeEquals(ScramKeys.StoredKey(clientKey), _storedKey);
        CryptographicOperations.ZeroMemory(salted);
        CryptographicOperations.ZeroMemory(clientKey);
        return right;
    }

    /// <summary>Says what this is, and none of its keys.</summary>
    public override string ToString() => $"SCRAM-SHA-256 verifier, {Iterations} iterations";

    internal static ScramVerifier Create(string password, byte[] salt, int iterations)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, MaxIterations);
        if (!CredentialRules.IsPassword(password))
            throw new ArgumentException("A password is 1 to 1024 bytes of UTF-8 without control characters.", nameof(password));
        byte[] salted = ScramKeys.SaltedPassword(password, salt, iterations);
        byte[] clientKey = ScramKeys.ClientKey(salted);
        var verifier = new ScramVerifier(salt, iterations, ScramKeys.StoredKey(clientKey), ScramKeys.ServerKey(salted));
        CryptographicOperations.ZeroMemory(salted);
        CryptographicOperations.ZeroMemory(clientKey);
        return verifier;
    }

    private static bool TryBytes(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        bool read = Convert.TryFromBase64String(text, bytes, out int count);
        Array.Resize(ref bytes, count);
        return read;
    }
}
