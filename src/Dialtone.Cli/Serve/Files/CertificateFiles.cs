using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Cli;

/// <summary>Where the server's certificate is.</summary>
/// <param name="Certificate">The certificate, in PEM.</param>
/// <param name="Key">Its private key.</param>
/// <param name="IsOwn">The tool made it, or makes it on the first start.</param>
internal sealed record CertificateFiles(string Certificate, string Key, bool IsOwn)
{
    /// <summary>Reads it, if it is there or must be.</summary>
    /// <exception cref="TrustException">The files cannot be used.</exception>
    public void Load()
    {
        if (!IsOwn || File.Exists(Certificate))
            _ = Fingerprint();
    }

    /// <summary>Makes it if it is missing.</summary>
    /// <exception cref="TrustException">The files cannot be used or made.</exception>
    public void Make()
    {
        if (IsOwn)
            ServerCertificate.LoadOrCreate(Folders.Own).Dispose();
    }

    /// <exception cref="TrustException">The files cannot be used.</exception>
    public string Fingerprint()
    {
        using X509Certificate2 certificate = ServerCertificate.Load(Certificate, Key);
        return CertificateFingerprint.Of(certificate);
    }
}
