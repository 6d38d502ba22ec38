using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone;

/// <summary>A server's certificate: made on first run and kept, or given by the operator.</summary>
public static class ServerCertificate
{
    /// <summary>The certificate in <c>server.crt</c> and <c>server.key</c> of a folder; made there when missing.</summary>
    /// <remarks>ECDSA P-256, self-signed, valid ten years. The key's file has mode 0600 from its first instant; each file is whole or absent; two
    /// servers that start at once end up with the same certificate.</remarks>
    /// <param name="folder">Made, for its owner alone, when missing.</param>
    /// <param name="names">Host names and addresses to write into a new certificate. Default <c>localhost</c>, <c>127.0.0.1</c> and <c>::1</c>.</param>
    /// <param name="time">Dates a new certificate. Default the system's clock.</param>
    /// <exception cref="TrustException">The files cannot be read, written or understood, or the key's file is open to others.</exception>
    public static X509Certificate2 LoadOrCreate(string folder, IReadOnlyList<string>? names = null, TimeProvider? time = null)
    {
        string certificate = Path.Combine(folder, "server.crt");
        string key = Path.Combine(folder, "server.key");
        PrivateFile.MakeFolderOf(key);
        using (PrivateFile.Lock(key))
        {
            if (!File.Exists(certificate))
                Create(certificate, key, names ?? ["localhost", "127.0.0.1", "::1"], time ?? TimeProvider.System);
        }
        return Load(certificate, key);
    }

    /// <summary>The first certificate and its unencrypted private key in two PEM files.</summary>
    /// <exception cref="TrustException">The files cannot be read or understood, or the key's file is open to others.</exception>
    public static X509Certificate2 Load(string certificatePath, string keyPath) => SelfSigned.Join(
        PrivateFile.ReadTrusted(certificatePath, SelfSigned.MaxPemBytes), PrivateFile.Read(keyPath, SelfSigned.MaxPemBytes),
        certificatePath, keyPath);

    /// <summary>As <see cref="Load"/>, with the intermediate certificates that follow the first in the file: what a TLS server sends. Nothing is fetched.</summary>
    /// <exception cref="TrustException">As <see cref="Load"/>.</exception>
    public static SslStreamCertificateContext LoadWithChain(string certificatePath, string keyPath)
    {
        X509Certificate2 leaf = Load(certificatePath, keyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(Encoding.ASCII.GetString(PrivateFile.ReadTrusted(certificatePath, SelfSigned.MaxPemBytes)));
        chain.RemoveAt(0);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    // The key is written first. A start that was cut between the two finds it and makes the certificate that was missing.
    private static void Create(string certificatePath, string keyPath, IReadOnlyList<string> names, TimeProvider time)
    {
        using ECDsa key = File.Exists(keyPath)
            ? SelfSigned.Key(PrivateFile.Read(keyPath, SelfSigned.MaxPemBytes), keyPath)
            : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (!File.Exists(keyPath))
            PrivateFile.Write(keyPath, Encoding.ASCII.GetBytes(SelfSigned.Pem(key)), PrivateFile.OwnerOnly);
        using X509Certificate2 certificate = SelfSigned.Server(key, names, time);
        PrivateFile.Write(certificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"),
            PrivateFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
