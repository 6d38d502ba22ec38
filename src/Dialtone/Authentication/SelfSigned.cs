using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone;

/// <summary>Self-signed certificates over ECDSA P-256, and their PEM.</summary>
internal static class SelfSigned
{
    internal const int MaxPemBytes = 256 * 1024;

    // Whoever pins does not look at the dates; ten years spare the rest a surprise.
    private const int Years = 10;

    internal static X509Certificate2 Server(ECDsa key, IReadOnlyList<string> names, TimeProvider time)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        return Make(key, "CN=Dialtone server", "1.3.6.1.5.5.7.3.1", alternatives.Build(), time);
    }

    internal static X509Certificate2 Client(ECDsa key, string name, TimeProvider time)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return Make(key, subject.Build().Name, "1.3.6.1.5.5.7.3.2", null, time);
    }

    internal static string Pem(ECDsa key) => key.ExportPkcs8PrivateKeyPem() + "\n";

    internal static ECDsa Key(byte[] pem, string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Encoding.ASCII.GetString(pem));
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new TrustException(TrustError.FileMalformed, $"{path} holds no ECDSA private key in PEM.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }

    internal static X509Certificate2 Join(byte[] certificatePem, byte[] keyPem, string certificatePath, string keyPath)
    {
        try
        {
            var joined = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(certificatePem), Encoding.ASCII.GetString(keyPem));
            // Windows' TLS takes no key that lives in memory alone.
            return OperatingSystem.IsWindows()
                ? X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null)
                : joined;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TrustException(TrustError.FileMalformed,
                $"{certificatePath} and {keyPath} do not hold a certificate and its private key in PEM.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keyPem);
        }
    }

    private static X509Certificate2 Make(ECDsa key, string subject, string usage, X509Extension? alternatives, TimeProvider time)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (alternatives is not null)
            request.CertificateExtensions.Add(alternatives);
        DateTimeOffset now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(Years));
    }
}
