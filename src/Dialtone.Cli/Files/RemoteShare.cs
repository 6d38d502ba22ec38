using System.Security.Cryptography.X509Certificates;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>A server that was called, and who we are there.</summary>
internal sealed class RemoteShare : IAsyncDisposable
{
    private readonly X509Certificate2? _key;

    private RemoteShare(FileClient client, X509Certificate2? key, string label)
    {
        (Client, _key, Label) = (client, key, label);
    }

    public FileClient Client { get; }

    /// <summary>What stands before a path when it is shown: <c>user@host:</c>.</summary>
    public string Label { get; }

    /// <summary>Calls the server of a remote name and logs in.</summary>
    public static async Task<RemoteShare> ConnectAsync(Arguments arguments, RemoteName name, CancellationToken cancellationToken)
    {
        Bookmark? bookmark = name.Host is { } host ? Bookmarks.Find(host) : null;
        Address address = name.Server ?? bookmark?.Server ?? name.AddressOfHost();
        string? user = name.User ?? bookmark?.User;
        X509Certificate2? key = address.IsTls ? LoadKey(arguments) : null;
        if (key is null && arguments.Has(CallFlags.Key))
            throw CliException.Usage($"--key is proven in a TLS handshake, and {address} speaks no TLS.");
        string? fingerprint = null;
        IReadOnlyList<HmacKey> doorKeys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        bool isPinned = bookmark?.Fingerprint is not null && !arguments.Has(CallFlags.Trust);
        bool isNew = address.IsTls && !isPinned && TrustName.IsNew(arguments, address);
        var dial = new DialOptions();
        var options = new FileClientOptions
        {
            Dial = dial with
            {
                Timeout = arguments.Get(CallFlags.Timeout, dial.Timeout),
                Tls = new TlsClientOptions { Trust = isPinned ? CertificateTrust.Fingerprint(bookmark!.Fingerprint!) : TrustName.Of(arguments), Key = key },
            },
            Door = async (connection, token) =>
            {
                fingerprint = connection.Tls?.PeerFingerprint;
                if (doorKeys.Count > 0)
                    await HmacChallenge.AnswerAsync(connection, doorKeys[0], HmacFlags.DigestOf(arguments), token);
            },
            Jobs = arguments.Get(FileFlags.Jobs, 1),
            RateLimit = arguments.Find(FileFlags.LimitRate),
        };
        FileClient client = await FileClient.ConnectAsync(address, options, cancellationToken);
        try
        {
            if (isNew)
                Terminal.Error.WriteLine($"dialtone: {address} is called for the first time; its key {fingerprint} is remembered.");
            await LoginAsync(arguments, client, user, key, cancellationToken);
            user = client.ServerInfo.User ?? user;
            if (arguments.Get(FileFlags.Save) is { } saved)
                Bookmarks.Save(saved, new Bookmark(address, user, fingerprint));
            string place = name.Host ?? address.Host ?? address.Path!;
            return new RemoteShare(client, key, user is null ? $"{place}:" : $"{user}@{place}:");
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _key?.Dispose();
    }

    /// <summary>By the key that was named; else by a password that was given; else by the key of this account, if the server knows it; else by a password that is asked for.</summary>
    private static async Task LoginAsync(Arguments arguments, FileClient client, string? user, X509Certificate2? key, CancellationToken cancellationToken)
    {
        if (key is not null && arguments.Has(CallFlags.Key))
        {
            await client.LoginWithKeyAsync(user, cancellationToken);
            return;
        }

        string? password = user is null ? null : PasswordInput.Given(arguments);
        if (user is null && arguments.Has(PasswordInput.PasswordFile))
            throw CliException.Usage("A password needs a user: write USER@HOST:PATH or tls://USER@HOST/PATH.");
        if (password is null && key is not null && await TryKeyAsync(client, user, cancellationToken))
            return;
        if (user is not null)
            await client.LoginAsync(user, password ?? PasswordInput.Ask($"Password of {Printable.Of(user)} at {client.Address}: "), cancellationToken);
    }

    private static async Task<bool> TryKeyAsync(FileClient client, string? user, CancellationToken cancellationToken)
    {
        try
        {
            await client.LoginWithKeyAsync(user, cancellationToken);
            return true;
        }
        catch (FileException e) when (e.Reason == FileError.LoginFailed)
        {
            return false;
        }
    }

    private static X509Certificate2? LoadKey(Arguments arguments) => arguments.Get(CallFlags.Key) is { } path
        ? ClientKey.Load(path)
        : File.Exists(Folders.ClientKey) ? ClientKey.Load(Folders.ClientKey) : null;
}
