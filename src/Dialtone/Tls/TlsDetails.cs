using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>What a TLS handshake came to.</summary>
public sealed record TlsDetails
{
    internal TlsDetails(SslStream tls)
    {
        Protocol = tls.SslProtocol;
        CipherSuite = tls.NegotiatedCipherSuite;
        ApplicationProtocol = tls.NegotiatedApplicationProtocol.Protocol.Length == 0 ? null : tls.NegotiatedApplicationProtocol.ToString();
        if (tls.RemoteCertificate is X509Certificate2 peer)
        {
            PeerSubject = peer.Subject;
            PeerFingerprint = CertificateFingerprint.Of(peer);
        }
    }

    /// <summary>TLS 1.2 or 1.3.</summary>
    public SslProtocols Protocol { get; }

    /// <summary>The cipher suite.</summary>
    public TlsCipherSuite CipherSuite { get; }

    /// <summary>The protocol agreed on by ALPN; null without.</summary>
    public string? ApplicationProtocol { get; }

    /// <summary>Whom the peer's certificate is made out to; null where it showed none. Only as true as whoever verified it.</summary>
    public string? PeerSubject { get; }

    /// <summary>The fingerprint of the peer's key, as <see cref="CertificateFingerprint.Of"/> writes it; null where it showed none. The handshake proved that it holds the key.</summary>
    public string? PeerFingerprint { get; }
}
