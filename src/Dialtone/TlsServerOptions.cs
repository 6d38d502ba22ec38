using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>The certificate and rules for TLS. Only TLS 1.2 and 1.3 are spoken, 1.2 with forward secrecy and authenticated encryption alone; never renegotiated.</summary>
public sealed record TlsServerOptions
{
    /// <summary>The server's certificate with its private key. This or <see cref="CertificateFile"/> is needed.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>A PEM file with the certificate, and after it those that lead up to its authority. Looked at again at most once a second: a new one is used without a restart, a broken one is logged and the old one kept.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The PEM file with the unencrypted private key, readable by its owner alone. Needed with <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether callers are asked for a certificate. Default not.</summary>
    public ClientCertificateMode ClientCertificates { get; init; }

    /// <summary>A PEM file with the authorities whose client certificates are good. Read once, at start.</summary>
    public string? ClientAuthorityFile { get; init; }

    /// <summary>Says whether a client certificate is good; with an authority file, after it was verified. Without either, any is: the handshake proves the key, and an account's list of fingerprints says whose it is.</summary>
    public Func<X509Certificate2, bool>? VerifyClient { get; init; }

    /// <summary>Application protocols offered by ALPN, best first; a caller that asks only for others is refused. Default none.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];

    /// <summary>Handshakes in progress at one time. When there are more, the oldest is closed: a caller that means it needs milliseconds. Default 512. At least 1.</summary>
    public int MaxHandshakes { get; init => field = Require.Positive(value); } = 512;
}
