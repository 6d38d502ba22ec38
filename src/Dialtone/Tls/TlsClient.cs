using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>The client's side of TLS.</summary>
internal static class TlsClient
{
    /// <summary>Puts TLS on a new connection.</summary>
    /// <exception cref="TrustException">The server's certificate is not trusted.</exception>
    /// <exception cref="TransportException">The connection or the handshake failed.</exception>
    public static async Task HandshakeAsync(Connection connection, TlsClientOptions options, CancellationToken cancellationToken)
    {
        string host = options.TargetHost ?? (connection.Address.Host is null or "*" ? "localhost" : connection.Address.Host);
        CertificateCheck check = options.Trust.For(host, connection.Address.Port);
        var stream = new TransportStream(connection.Transport);
        var tls = new SslStream(stream);
        using CancellationTokenRegistration _ = cancellationToken.UnsafeRegister(static state => ((Connection)state!).Abort(), connection);
        try
        {
            await tls.AuthenticateAsClientAsync(OptionsFor(host, check, options), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            if (check.Refusal is not null)
                throw check.ToException(e);
            if (e is TransportException { Reason: TransportError.Aborted })
                throw;
            throw new TransportException(
                TransportError.HandshakeFailed, $"TLS with {connection.Address} failed: {(e.InnerException ?? e).Message}", e);
        }

        connection.Upgrade(inner => new TlsTransport(inner, tls, stream));
        connection.Tls = new TlsDetails(tls);
        if (tls.RemoteCertificate is X509Certificate2 certificate)
            connection.ChannelBinding = BindingOf(certificate);
    }

    /// <summary>The channel's binding; empty for certificates it is not defined for.</summary>
    internal static ReadOnlyMemory<byte> BindingOf(X509Certificate2 certificate)
    {
        try
        {
            return TlsServerEndPoint.Compute(certificate);
        }
        catch (NotSupportedException)
        {
            return default;
        }
    }

    private static SslClientAuthenticationOptions OptionsFor(string host, CertificateCheck check, TlsClientOptions options) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = TlsRules.Protocols,
        CipherSuitesPolicy = TlsRules.CipherSuites,
        AllowRenegotiation = false,
        ApplicationProtocols = TlsRules.Alpn(options.ApplicationProtocols),
        RemoteCertificateValidationCallback = check.Validate,
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        ClientCertificateContext = options.Key is { } key ? SslStreamCertificateContext.Create(key, additionalCertificates: null, offline: true) : null,
    };
}
