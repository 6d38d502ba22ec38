namespace Dialtone;

/// <summary>The digest under an HMAC. HMAC itself is sound with all four; choose <see cref="Sha256"/> unless a peer cannot.</summary>
public enum HmacDigest
{
    /// <summary>SHA-256, 32 bytes. The default.</summary>
    Sha256,

    /// <summary>SHA-512, 64 bytes.</summary>
    Sha512,

    /// <summary>SHA-1, 20 bytes: for peers that know nothing newer.</summary>
    Sha1,

    /// <summary>MD5, 16 bytes: what the tutorials' scripts compute. A server that accepts it says so when it starts.</summary>
    Md5,
}
