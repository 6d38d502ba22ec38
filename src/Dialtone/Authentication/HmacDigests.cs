using System.Security.Cryptography;

namespace Dialtone;

/// <summary>Sizes and names of <see cref="HmacDigest"/>.</summary>
public static class HmacDigests
{
    /// <summary>The largest digest, in bytes.</summary>
    public const int MaxSize = 64;

    /// <summary>The digest's length in bytes.</summary>
    public static int Size(this HmacDigest digest) => digest switch
    {
        HmacDigest.Sha256 => 32,
        HmacDigest.Sha512 => 64,
        HmacDigest.Sha1 => 20,
        HmacDigest.Md5 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(digest)),
    };

    /// <summary>The digest called <paramref name="name"/> (<c>sha256</c>, <c>sha512</c>, <c>sha1</c>, <c>md5</c>; Python's names).</summary>
    /// <returns>False for every other name: nothing falls back to a weaker digest.</returns>
    public static bool TryParse(string? name, out HmacDigest digest)
    {
        (digest, bool known) = name switch
        {
            "sha256" => (HmacDigest.Sha256, true),
            "sha512" => (HmacDigest.Sha512, true),
            "sha1" => (HmacDigest.Sha1, true),
            "md5" => (HmacDigest.Md5, true),
            _ => (default, false),
        };
        return known;
    }

    internal static HashAlgorithmName Algorithm(this HmacDigest digest) => digest switch
    {
        HmacDigest.Sha256 => HashAlgorithmName.SHA256,
        HmacDigest.Sha512 => HashAlgorithmName.SHA512,
        HmacDigest.Sha1 => HashAlgorithmName.SHA1,
        HmacDigest.Md5 => HashAlgorithmName.MD5,
        _ => throw new ArgumentOutOfRangeException(nameof(digest)),
    };
}
