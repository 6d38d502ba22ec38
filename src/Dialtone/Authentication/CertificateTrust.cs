using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>How a client decides whether to trust the certificate a server shows.</summary>
public abstract class CertificateTrust
{
    private CertificateTrust()
    {
    }

    /// <summary>The system's roots, the certificate's dates and the host's name, as a browser does. The default of <c>tls://</c>.</summary>
    public static CertificateTrust SystemRoots { get; } = new Roots();

    /// <summary>Anything at all: encrypts against listeners, and gives everything to whoever stands in the middle. For tests.</summary>
    public static CertificateTrust NoneWhichIsInsecure { get; } = new None();

    /// <summary>As SSH does: remember the key on the first call, refuse another one later.</summary>
    public static CertificateTrust PinOnFirstUse(KnownHosts hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        return new Pinned(hosts);
    }

    /// <summary>The one key with this fingerprint, learned some other way.</summary>
    /// <exception cref="ArgumentException">It is not written as <see cref="CertificateFingerprint.Of"/> writes it.</exception>
    public static CertificateTrust Fingerprint(string fingerprint) => CertificateFingerprint.IsFingerprint(fingerprint)
        ? new Exact(fingerprint)
        : throw new ArgumentException("A fingerprint is SHA256: and 43 characters of base64.", nameof(fingerprint));

    /// <summary>The check of one call to one server. Hand its <see cref="CertificateCheck.Validate"/> to the TLS stream.</summary>
    public CertificateCheck For(string host, int port) => new(this, host, port);

    // Null when trusted, otherwise the explanation.
    internal abstract string? Refuse(CertificateCheck check, X509Certificate2 certificate, SslPolicyErrors errors);

    private sealed class Roots : CertificateTrust
    {
        internal override string? Refuse(CertificateCheck check, X509Certificate2 certificate, SslPolicyErrors errors) => errors switch
        {
            SslPolicyErrors.None => null,
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"The certificate of {check.Name} is made out to another name.",
            _ => $"The certificate of {check.Name} is not vouched for by an authority this system trusts, or is out of date.",
        };
    }

    private sealed class None : CertificateTrust
    {
        internal override string? Refuse(CertificateCheck check, X509Certificate2 certificate, SslPolicyErrors errors) => null;
    }

    private sealed class Exact(string fingerprint) : CertificateTrust
    {
        internal override string? Refuse(CertificateCheck check, X509Certificate2 certificate, SslPolicyErrors errors) =>
            CertificateFingerprint.Same(fingerprint, check.Fingerprint!)
                ? null
                : $"{check.Name} shows the key {check.Fingerprint}, which is not the expected {fingerprint}.";
    }

    private sealed class Pinned(KnownHosts hosts) : CertificateTrust
    {
        internal override string? Refuse(CertificateCheck check, X509Certificate2 certificate, SslPolicyErrors errors)
        {
            KnownHostStatus status = hosts.Check(check.Host, check.Port, check.Fingerprint!);
            if (status == KnownHostStatus.Unknown)
            {
                status = hosts.Remember(check.Host, check.Port, check.Fingerprint!);
                check.FirstUse = status == KnownHostStatus.Known;
            }
            return status == KnownHostStatus.Known ? null
                : $"The key of {check.Name} has changed. It shows {check.Fingerprint}, and {hosts.Path} remembers another. "
                + "Either the server was given a new key, or somebody stands between you and it. "
                + "If its operator confirms the new fingerprint, remove the server's line from that file and call again.";
        }
    }
}
