using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>The check of the certificate that one server shows in one call; keeps the explanation that TLS itself cannot carry.</summary>
public sealed class CertificateCheck
{
    private readonly CertificateTrust _trust;

    internal CertificateCheck(CertificateTrust trust, string host, int port) =>
        (_trust, Host, Port, Name) = (trust, host, port, KnownHosts.Name(host, port));

    /// <summary>The key the server showed; null before the handshake.</summary>
    public string? Fingerprint { get; private set; }

    /// <summary>Why the server was refused; null when it was not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Whether the key was remembered just now, for the first time: show the fingerprint.</summary>
    public bool FirstUse { get; internal set; }

    internal string Host { get; }

    internal int Port { get; }

    internal string Name { get; }

    /// <summary>A <see cref="RemoteCertificateValidationCallback"/>. Whatever goes wrong inside refuses the server.</summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        try
        {
            if (certificate is not X509Certificate2 shown)
            {
                Refusal = $"{Name} showed no certificate.";
                return false;
            }
            Fingerprint = CertificateFingerprint.Of(shown);
            Refusal = _trust.Refuse(this, shown, errors);
        }
        catch (TrustException e)
        {
            Refusal = e.Message;
        }
        return Refusal is null;
    }

    /// <summary>The refusal as an exception, for whoever caught the TLS stream's own.</summary>
    public TrustException ToException(Exception? inner = null) =>
        new(TrustError.ServerNotTrusted, Refusal ?? $"The TLS handshake with {Name} failed.", inner);
}
