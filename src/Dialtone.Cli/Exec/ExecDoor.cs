using System.Security.Cryptography.X509Certificates;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Who is let in to run commands, and by which proof.</summary>
internal sealed class ExecDoor
{
    private readonly string _framing;
    private readonly HmacDigest _digest;
    private readonly IReadOnlyList<HmacKey> _keys;
    private readonly IReadOnlyList<string> _fingerprints;
    private readonly AccountsFile? _accounts;

    private ExecDoor(string framing, HmacDigest digest, IReadOnlyList<HmacKey> keys, IReadOnlyList<string> fingerprints, AccountsFile? accounts) =>
        (_framing, _digest, _keys, _fingerprints, _accounts) = (framing, digest, keys, fingerprints, accounts);

    /// <summary>Whether nobody is asked for anything.</summary>
    public bool IsOpen => _keys.Count == 0 && _fingerprints.Count == 0 && _accounts is null;

    /// <exception cref="CliException">What was asked for does not go together.</exception>
    public static ExecDoor Open(Arguments arguments, string framing, IReadOnlyList<HmacKey> keys, IReadOnlyList<string> fingerprints)
    {
        string? path = arguments.Get(ServeExecFlags.Accounts);
        if (path is not null && (keys.Count > 0 || fingerprints.Count > 0))
            throw CliException.Usage("--accounts holds passwords and keys of users; it goes with neither --hmac-key-file nor --allow-key.");
        if (path is not null && framing != ExecFraming.Native)
            throw CliException.Usage("--accounts needs the native protocol; the tutorials' clients know no users.");
        return new ExecDoor(framing, HmacFlags.DigestOf(arguments), keys, fingerprints, path is null ? null : AccountsFile.Open(path));
    }

    /// <summary>Whether whoever comes in at an address has proven something.</summary>
    public bool Proves(Address address) => !address.IsDatagram && (_keys.Count > 0 || _accounts is not null || (address.IsTls && _fingerprints.Count > 0));

    /// <exception cref="CliException">The proof cannot be given there.</exception>
    public void Check(Address address)
    {
        if (_fingerprints.Count > 0 && !address.IsTls)
            throw CliException.Usage($"--allow-key is for tls: addresses, which {address} is not: nobody can show a key there.");
    }

    public ServerOptions Prepare(ServerOptions options)
    {
        if (_fingerprints.Count > 0)
            return options with { Tls = options.Tls! with { ClientCertificates = ClientCertificateMode.Required, VerifyClient = IsAllowed } };
        return _accounts is not null && options.Tls is { } tls
            ? options with { Tls = tls with { ClientCertificates = ClientCertificateMode.Allowed, VerifyClient = key => FindByKey(CertificateFingerprint.Of(key)) is not null } }
            : options;
    }

    /// <summary>Puts the door in front of a server.</summary>
    public void Guard(Server server)
    {
        if (_fingerprints.Count > 0)
            server.Use(NameByFingerprintAsync);
        if (_keys.Count > 0)
            server.Use(_framing == ExecFraming.Native ? ChannelBoundChallenge.With(_keys) : HmacChallenge.With(_digest, _keys));
        if (_accounts is not null)
            server.Use(LogIn(ScramAuthentication.With(new ScramAccounts(name => Welcome(_accounts.Find(name))?.Password, _accounts.Secret.Span))));
    }

    /// <summary>Reads the accounts again on SIGHUP.</summary>
    /// <param name="stop">Called when the signal means that the server's terminal is gone.</param>
    public IDisposable? ReloadOnSignal(Action stop) => _accounts is null ? null : new ReloadSignal(_accounts, certificate: null, audit: null, stop);

    /// <summary>Who shows a key of an account is that account's user; everybody else is asked for a password.</summary>
    private ConnectionMiddleware LogIn(ConnectionMiddleware byPassword) => (connection, next) =>
    {
        if (connection.Tls?.PeerFingerprint is not { } fingerprint)
            return byPassword(connection, next);
        if (FindByKey(fingerprint) is not { } account)
            return Task.CompletedTask; // it was one a moment ago
        connection.User = account.Name;
        return next(connection);
    };

    private Account? FindByKey(string fingerprint) => Welcome(_accounts!.FindByKey(fingerprint));

    private static Account? Welcome(Account? account) => account is null || account.HasExpired(TimeProvider.System.GetUtcNow()) ? null : account;

    private bool IsAllowed(X509Certificate2 key) => _fingerprints.Contains(CertificateFingerprint.Of(key), StringComparer.Ordinal);

    /// <summary>Who came in by a client key is called by its fingerprint.</summary>
    private static Task NameByFingerprintAsync(Connection connection, ConnectionHandler next)
    {
        connection.User = connection.Tls?.PeerFingerprint;
        return next(connection);
    }
}
