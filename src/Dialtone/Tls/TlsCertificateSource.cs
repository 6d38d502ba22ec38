using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>A server's certificate in force now, and what is made from it once: TLS's own context and the channel binding.</summary>
internal sealed record TlsIdentity(SslStreamCertificateContext Context, ReadOnlyMemory<byte> ChannelBinding);

/// <summary>Gives the certificate for a handshake, and notices at most once a second that its files have changed.</summary>
internal sealed class TlsCertificateSource
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly TlsServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private (DateTime, long, DateTime, long) _stamp; // under _gate
    private long _lookedAt;                          // under _gate
    private volatile TlsIdentity _current;

    /// <exception cref="InvalidOperationException">There is neither a certificate nor both files.</exception>
    /// <exception cref="TrustException">The files cannot be used.</exception>
    public TlsCertificateSource(TlsServerOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _lookedAt = time.GetTimestamp();
        if (options.Certificate is { } certificate)
        {
            _current = Make(certificate, null);
            return;
        }

        if (options.CertificateFile is null || options.KeyFile is null)
            throw new InvalidOperationException("TLS needs a certificate: set TlsServerOptions.Certificate, or both CertificateFile and KeyFile.");
        _stamp = Stamp();
        _current = Load();
    }

    public TlsIdentity Current
    {
        get
        {
            // Whoever finds the lock taken uses what there is.
            if (_options.Certificate is null && _gate.TryEnter())
            {
                try
                {
                    ReloadIfChanged();
                }
                finally
                {
                    _gate.Exit();
                }
            }

            return _current;
        }
    }

    private void ReloadIfChanged()
    {
        if (_time.GetElapsedTime(_lookedAt) < LookInterval)
            return;
        _lookedAt = _time.GetTimestamp();
        if (Stamp() is var stamp && stamp == _stamp)
            return;
        _stamp = stamp;
        try
        {
            _current = Load();
            _logger.CertificateReloaded(_options.CertificateFile!, CertificateFingerprint.Of(_current.Context.TargetCertificate));
        }
        catch (Exception e) when (e is TrustException or CryptographicException or IOException)
        {
            _logger.CertificateKept(_options.CertificateFile!, e);
        }
    }

    private (DateTime, long, DateTime, long) Stamp()
    {
        var certificate = new FileInfo(_options.CertificateFile!);
        var key = new FileInfo(_options.KeyFile!);
        return (certificate.LastWriteTimeUtc, certificate.Exists ? certificate.Length : -1, key.LastWriteTimeUtc, key.Exists ? key.Length : -1);
    }

    private TlsIdentity Load()
    {
        X509Certificate2 certificate = ServerCertificate.Load(_options.CertificateFile!, _options.KeyFile!);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.CertificateFile!);
        return Make(certificate, chain);
    }

    private static TlsIdentity Make(X509Certificate2 certificate, X509Certificate2Collection? chain) =>
        new(SslStreamCertificateContext.Create(certificate, chain, offline: true), TlsClient.BindingOf(certificate));
}
