using System.Security.Cryptography.X509Certificates;

namespace Dialtone;

/// <summary>Whom a client trusts on <c>tls://</c> addresses, and who it is.</summary>
public sealed record TlsClientOptions
{
    /// <summary>How the server's certificate is judged. Default <see cref="CertificateTrust.SystemRoots"/>.</summary>
    public CertificateTrust Trust { get; init; } = CertificateTrust.SystemRoots;

    /// <summary>The name the server's certificate must be made out to, and that is sent ahead (SNI). Default the address's host.</summary>
    public string? TargetHost { get; init; }

    /// <summary>The key that proves who we are, as <see cref="ClientKey.Load"/> gives it. Default none.</summary>
    public X509Certificate2? Key { get; init; }

    /// <summary>Application protocols asked for by ALPN, best first. Default none.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];
}
