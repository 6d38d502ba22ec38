using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>The arithmetic of RFC 5802 §3 with SHA-256 (RFC 7677).</summary>
internal static class ScramKeys
{
    internal const int Size = 32;

    internal static byte[] SaltedPassword(string password, ReadOnlySpan<byte> salt, int iterations)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(CredentialRules.Prepare(password));
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(utf8, salt, iterations, HashAlgorithmName.SHA256, Size);
        CryptographicOperations.ZeroMemory(utf8);
        return salted;
    }

    internal static byte[] ClientKey(byte[] saltedPassword) => HMACSHA256.HashData(saltedPassword, "Client Key"u8);

    internal static byte[] ServerKey(byte[] saltedPassword) => HMACSHA256.HashData(saltedPassword, "Server Key"u8);

    internal static byte[] StoredKey(byte[] clientKey) => SHA256.HashData(clientKey);

    internal static byte[] Sign(ReadOnlySpan<byte> key, string authMessage) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(authMessage));

    internal static void Xor(Span<byte> into, ReadOnlySpan<byte> with)
    {
        for (int i = 0; i < into.Length; i++)
            into[i] ^= with[i];
    }

    // c= carries the GS2 header and, with channel binding, the channel's own data.
    internal static byte[] ChannelInput(string header, ReadOnlyMemory<byte> channelBinding)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        return header.StartsWith("p=", StringComparison.Ordinal) ? [.. text, .. channelBinding.Span] : text;
    }
}
