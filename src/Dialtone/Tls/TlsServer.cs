using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>The server's side of TLS, as the middleware in front of all others on <c>tls://</c> addresses.</summary>
internal sealed class TlsServer
{
    private readonly TlsServerOptions _options;
    private readonly TlsCertificateSource _certificates;
    private readonly X509ChainPolicy? _clientChain;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly LinkedList<Connection> _handshakes = new(); // under _gate; oldest first

    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    /// <exception cref="TrustException">A file of certificates or keys cannot be used.</exception>
    public TlsServer(TlsServerOptions? options, TimeProvider time, ILogger logger)
    {
        _options = options ?? throw new InvalidOperationException("A tls:// address needs a certificate: set ServerOptions.Tls.");
        _logger = logger;
        _certificates = new TlsCertificateSource(_options, time, logger);
        _clientChain = _options.ClientAuthorityFile is { } file ? AuthoritiesIn(file) : null;
    }

    public async Task RunAsync(Connection connection, ConnectionHandler next)
    {
        if (!connection.Address.IsTls || await HandshakeAsync(connection).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
    }

    private async ValueTask<bool> HandshakeAsync(Connection connection)
    {
        LinkedListNode<Connection> place = Begin(connection);
        var stream = new TransportStream(connection.Transport);
        var tls = new SslStream(stream);
        connection.BeginStage(connection.Host.Limits.Handshake);
        try
        {
            TlsIdentity identity = _certificates.Current;
            await tls.AuthenticateAsServerAsync(OptionsFor(identity)).ConfigureAwait(false);
            connection.Upgrade(inner => new TlsTransport(inner, tls, stream));
            connection.ChannelBinding = identity.ChannelBinding;
            connection.Tls = new TlsDetails(tls);
            if (IsVerified && tls.RemoteCertificate is X509Certificate2 client)
                connection.User = client.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            return true;
        }
        catch (Exception e)
        {
            // Of any type: what arrives here is chosen by strangers, and not every parser below keeps to its documented exceptions.
            connection.TrySetCloseReason(CloseReason.HandshakeFailed);
            _logger.HandshakeFailed(connection.Id, connection.RemoteEndPoint, (e.InnerException ?? e).Message);
            await tls.DisposeAsync().ConfigureAwait(false);
            return false;
        }
        finally
        {
            connection.EndStage();
            End(place);
        }
    }

    private bool IsVerified => _clientChain is not null || _options.VerifyClient is not null;

    /// <summary>Takes a place among the handshakes in progress; where there is none, the oldest loses its own.</summary>
    private LinkedListNode<Connection> Begin(Connection connection)
    {
        Connection? oldest = null;
        LinkedListNode<Connection> place;
        lock (_gate)
        {
            if (_handshakes.Count >= _options.MaxHandshakes)
            {
                oldest = _handshakes.First!.Value;
                _handshakes.RemoveFirst();
            }

            place = _handshakes.AddLast(connection);
        }

        oldest?.Abort(CloseReason.HandshakeFailed);
        return place;
    }

    private void End(LinkedListNode<Connection> place)
    {
        lock (_gate)
        {
            if (place.List is not null)
                _handshakes.Remove(place);
        }
    }

    private SslServerAuthenticationOptions OptionsFor(TlsIdentity identity) => new()
    {
        ServerCertificateContext = identity.Context,
        EnabledSslProtocols = TlsRules.Protocols,
        CipherSuitesPolicy = TlsRules.CipherSuites,
        AllowRenegotiation = false,
        ApplicationProtocols = TlsRules.Alpn(_options.ApplicationProtocols),
        ClientCertificateRequired = _options.ClientCertificates != ClientCertificateMode.None,
        CertificateChainPolicy = _clientChain ?? new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        RemoteCertificateValidationCallback = IsGood,
    };

    private bool IsGood(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown)
            return _options.ClientCertificates != ClientCertificateMode.Required;
        if (_clientChain is not null && errors != SslPolicyErrors.None)
            return false;
        return _options.VerifyClient?.Invoke(shown) ?? true;
    }

    private static X509ChainPolicy AuthoritiesIn(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TrustException(TrustError.FileUnusable, $"Cannot read the client authorities in {file}: {e.Message}", e);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new TrustException(TrustError.FileMalformed, $"{file} holds no certificates in PEM.");
    }
}
