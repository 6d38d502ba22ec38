using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone;

/// <summary>A client's key: logs in without a password by proving, in the TLS handshake, that it has the private half.</summary>
public static class ClientKey
{
    /// <summary>Makes a key (ECDSA P-256, kept as a self-signed certificate) in one PEM file of mode 0600.</summary>
    /// <param name="path">Where. Its folder is made when missing; an existing file is never replaced.</param>
    /// <param name="name">Whose key it is, for people: at most 64 characters. It grants nothing.</param>
    /// <param name="time">Dates the certificate. Default the system's clock.</param>
    /// <returns>The key, as <see cref="Load"/> returns it. Show <see cref="CertificateFingerprint.Of"/> of it.</returns>
    /// <exception cref="TrustException">There is a file already, or it cannot be written.</exception>
    public static X509Certificate2 Create(string path, string name, TimeProvider? time = null)
    {
        if (!CredentialRules.IsName(name) || name.Length > 64)
            throw new ArgumentException("A key's name is 1 to 64 characters without control characters.", nameof(name));
        PrivateFile.MakeFolderOf(path);
        if (File.Exists(path))
            throw new TrustException(TrustError.FileUnusable, $"{path} exists; a key is never replaced. Move it away first.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = SelfSigned.Client(key, name, time ?? TimeProvider.System);
        byte[] pem = Encoding.ASCII.GetBytes(SelfSigned.Pem(key) + certificate.ExportCertificatePem() + "\n");
        PrivateFile.Write(path, pem, PrivateFile.OwnerOnly, replace: false);
        CryptographicOperations.ZeroMemory(pem);
        return Load(path);
    }

    /// <summary>The key in a file that <see cref="Create"/> made.</summary>
    /// <exception cref="TrustException">The file cannot be read or understood, or is open to others.</exception>
    public static X509Certificate2 Load(string path)
    {
        byte[] pem = PrivateFile.Read(path, SelfSigned.MaxPemBytes);
        return SelfSigned.Join(pem, pem, path, path);
    }

    /// <summary>For a server's TLS options: lets in callers with any key or none. TLS has proven that a caller who shows a
    /// certificate holds its key; who that is, an account's list of fingerprints says.</summary>
    public static bool AcceptAny(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => true;
}
