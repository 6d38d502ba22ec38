using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>A key's fingerprint as SSH shows it: <c>SHA256:</c> and 43 characters of base64.</summary>
/// <remarks>It is the digest of the public key (SubjectPublicKeyInfo), not of the certificate around it: renewing the certificate
/// of a key keeps the fingerprint.</remarks>
public static class CertificateFingerprint
{
    private const string Prefix = "SHA256:";

    /// <summary>The fingerprint of a certificate's public key.</summary>
    public static string Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        byte[] digest = SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        return Prefix + Convert.ToBase64String(digest).TrimEnd('=');
    }

    /// <summary>Whether this is written as a fingerprint is.</summary>
    public static bool IsFingerprint(string? text)
    {
        Span<byte> digest = stackalloc byte[33];
        return text is { Length: 50 } && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text.AsSpan().ContainsAny(" \t\r\n")
            && Convert.TryFromBase64String(text[Prefix.Length..] + "=", digest, out int count) && count == 32;
    }

    internal static bool Same(string a, string b) => string.Equals(a, b, StringComparison.Ordinal);
}
