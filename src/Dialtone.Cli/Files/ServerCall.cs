using System.Security.Cryptography.X509Certificates;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>How the server of a remote name is called: by the command line, and by what a bookmark remembers.</summary>
internal sealed class ServerCall : IDisposable
{
    private readonly bool _isNew;
    private readonly IReadOnlyList<HmacKey> _doorKeys;
    private readonly HmacDigest _doorDigest;

    public ServerCall(Arguments arguments, RemoteName name)
    {
        Bookmark? bookmark = name.Host is { } host ? Bookmarks.Find(host) : null;
        Address = name.Server ?? bookmark?.Server ?? name.AddressOfHost();
        User = name.User ?? bookmark?.User;
        Place = name.Host ?? Address.Host ?? Address.Path!;
        TrustName.CheckTls(arguments, Address);
        Key = Address.IsTls ? LoadKey(arguments) : null;
        if (User is null && arguments.Has(PasswordInput.PasswordFile))
            throw CliException.Usage("A password needs a user: write USER@HOST:PATH or tls://USER@HOST/PATH.");
        bool isPinned = bookmark?.Fingerprint is not null && !arguments.Has(CallFlags.Trust);
        _isNew = Address.IsTls && !isPinned && TrustName.IsNew(arguments, Address);
        _doorKeys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        _doorDigest = HmacFlags.DigestOf(arguments);
        var dial = new DialOptions();
        Dial = dial with
        {
            Timeout = arguments.Get(CallFlags.Timeout, dial.Timeout),
            Tls = new TlsClientOptions { Trust = isPinned ? CertificateTrust.Fingerprint(bookmark!.Fingerprint!) : TrustName.Of(arguments), Key = Key },
        };
    }

    public Address Address { get; }

    /// <summary>The server as it was named, for people.</summary>
    public string Place { get; }

    /// <summary>Who; null for a stranger.</summary>
    public string? User { get; }

    public X509Certificate2? Key { get; }

    public DialOptions Dial { get; }

    /// <summary>Of the key the server has shown, once it was called.</summary>
    public string? Fingerprint { get; private set; }

    /// <summary>Passes the door of a server that was called.</summary>
    public async ValueTask EnterAsync(Connection connection, CancellationToken cancellationToken)
    {
        bool isFirst = Fingerprint is null;
        Fingerprint = connection.Tls?.PeerFingerprint;
        if (_isNew && isFirst)
            Terminal.Say($"dialtone: {Address} is called for the first time; its key {Fingerprint} is remembered.");
        if (_doorKeys.Count > 0)
            await HmacChallenge.AnswerAsync(connection, _doorKeys[0], _doorDigest, cancellationToken);
    }

    /// <summary>Asks for the user's password.</summary>
    public string AskPassword() => PasswordInput.Ask($"Password of {Printable.Of(User!)} at {Address}: ");

    /// <summary>Remembers the server, where <c>--save</c> asks for it.</summary>
    public void Save(Arguments arguments, string? user)
    {
        if (arguments.Get(FileFlags.Save) is { } name)
            Bookmarks.Save(name, new Bookmark(Address, user, Fingerprint));
    }

    public void Dispose() => Key?.Dispose();

    private static X509Certificate2? LoadKey(Arguments arguments) => arguments.Get(CallFlags.Key) is { } path
        ? ClientKey.Load(path)
        : File.Exists(Folders.ClientKey) ? ClientKey.Load(Folders.ClientKey) : null;
}
