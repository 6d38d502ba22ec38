using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>A shared secret key. It can be used and never printed.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class HmacKey
{
    /// <summary>Largest key, in bytes: 64 KiB, far above any digest's block.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Largest key id, in UTF-8 bytes.</summary>
    public const int MaxIdBytes = 64;

    private readonly byte[] _secret;

    /// <summary>A key of these bytes.</summary>
    /// <param name="secret">1 to <see cref="MaxBytes"/> bytes; copied.</param>
    /// <param name="id">The name under which both sides know this key. The tutorials' challenge has no room for it and
    /// ignores it. Default empty; at most <see cref="MaxIdBytes"/>.</param>
    /// <exception cref="TrustException">The key is empty or too long.</exception>
    public HmacKey(ReadOnlySpan<byte> secret, string id = "")
    {
        ArgumentNullException.ThrowIfNull(id);
        if (secret.IsEmpty)
            throw new TrustException(TrustError.KeyUnusable, "The key is empty.");
        if (secret.Length > MaxBytes)
            throw new TrustException(TrustError.KeyUnusable, $"The key is longer than {MaxBytes} bytes.");
        if (!CredentialRules.IsText(id, MaxIdBytes))
            throw new ArgumentException($"A key id is text of at most {MaxIdBytes} bytes without control characters.", nameof(id));
        _secret = secret.ToArray();
        Id = id;
    }

    /// <summary>The name under which both sides know this key; empty unless given.</summary>
    public string Id { get; }

    /// <summary>The key's length in bytes.</summary>
    public int Length => _secret.Length;

    /// <summary>A new random key of 32 bytes.</summary>
    public static HmacKey Random(string id = "")
    {
        Span<byte> secret = stackalloc byte[32];
        RandomNumberGenerator.Fill(secret);
        var key = new HmacKey(secret, id);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    /// <summary>The key that is this text's UTF-8 bytes.</summary>
    /// <exception cref="TrustException">The text is empty or too long.</exception>
    public static HmacKey FromText(string text, string id = "")
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] secret = Encoding.UTF8.GetBytes(text);
        try
        {
            return new HmacKey(secret, id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The key in a file. A final newline (LF or CR LF) is not part of it.</summary>
    /// <exception cref="TrustException">The file cannot be read, is empty or longer than <see cref="MaxBytes"/>, or others
    /// than its owner may read it (as OpenSSH refuses such a private key).</exception>
    public static HmacKey FromFile(string path, string id = "")
    {
        byte[] content = PrivateFile.Read(path, MaxBytes + 2);
        try
        {
            ReadOnlySpan<byte> secret = content;
            if (secret.EndsWith("\n"u8))
                secret = secret[..^(secret.EndsWith("\r\n"u8) ? 2 : 1)];
            return secret.IsEmpty
                ? throw new TrustException(TrustError.KeyUnusable, $"The key file {path} is empty.")
                : new HmacKey(secret, id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>The key that is the UTF-8 text of an environment variable, all of it.</summary>
    /// <exception cref="TrustException">The variable is not set, or empty, or too long.</exception>
    public static HmacKey FromEnvironment(string variable, string id = "")
    {
        string? text = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(text)
            ? throw new TrustException(TrustError.KeyUnusable, $"The environment variable {variable} holds no key.")
            : FromText(text, id);
    }

    /// <summary>HMAC of <paramref name="message"/> under this key.</summary>
    /// <returns>The bytes written, <see cref="HmacDigests.Size"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public int Compute(HmacDigest digest, ReadOnlySpan<byte> message, Span<byte> destination) =>
        CryptographicOperations.HmacData(digest.Algorithm(), _secret, message, destination);

    /// <summary>Says that this is a key and what it is called, never what it is.</summary>
    public override string ToString() => Id.Length == 0 ? "HMAC key" : $"HMAC key '{Id}'";
}
