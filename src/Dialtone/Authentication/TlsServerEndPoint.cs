using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>The channel binding <c>tls-server-end-point</c> (RFC 5929 §4): a digest of the certificate the server showed.</summary>
/// <remarks>Both ends compute it from what they see. In the middle somebody needs the server's private key to show the same certificate.
/// <c>tls-exporter</c> (RFC 9266) would be stronger and needs keying material that .NET 10 does not export.</remarks>
public static class TlsServerEndPoint
{
    /// <summary>The binding's registered name.</summary>
    public const string Name = "tls-server-end-point";

    /// <summary>The binding: the certificate's digest with its signature's hash, or SHA-256 where that hash is MD5 or SHA-1.</summary>
    /// <exception cref="NotSupportedException">The certificate is signed in a way for which the binding is not defined here.</exception>
    public static byte[] Compute(X509Certificate2 serverCertificate)
    {
        ArgumentNullException.ThrowIfNull(serverCertificate);
        byte[] der = serverCertificate.RawData;
        return serverCertificate.SignatureAlgorithm.Value switch
        {
            "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" // RSA with MD5, SHA-1, SHA-256
                or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(der), // ECDSA with SHA-1, SHA-256
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(der),
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(der),
            var other => throw new NotSupportedException(
                $"No {Name} binding is defined for certificates signed with {other}."),
        };
    }
}
