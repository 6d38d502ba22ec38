using System.Globalization;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>Where a command is to run, and how to get in there.</summary>
/// <param name="Address">Where the server listens; for datagrams, the address of those.</param>
/// <param name="User">Who logs in with a password; null for nobody.</param>
internal sealed record ExecTarget(Address Address, string? User)
{
    /// <summary>Where we are let in: datagrams begin over TLS, at the same host and port.</summary>
    private Address Door => Address.Scheme == AddressScheme.Udp ? Address.Parse($"tls{Address.ToString()["udp".Length..]}") : Address;

    // target = [ scheme "://" ] [ user "@" ] ( host | "[" ipv6 "]" ) [ ":" port ] | any other address
    /// <summary>An address, a host, or a host and a port.</summary>
    public static ExecTarget Read(string text)
    {
        (string place, string? user) = SplitUser(text);
        bool isAddress = place.Contains("://", StringComparison.Ordinal) || IsScheme(place);
        bool hasPort = place.Contains(':', StringComparison.Ordinal) && (!place.StartsWith('[') || place.Contains("]:", StringComparison.Ordinal));
        string whole = isAddress ? place : hasPort ? $"tls://{place}" : string.Create(CultureInfo.InvariantCulture, $"tls://{place}:{CommandServer.DefaultPort}");
        return Address.TryParse(whole, out Address? address, out string? problem) ? new ExecTarget(address, user) : throw CliException.Usage(problem);
    }

    /// <summary>Calls the server and logs in.</summary>
    /// <param name="arguments">How.</param>
    /// <param name="password">The user's; null to look for it or ask.</param>
    public async Task<CommandClient> ConnectAsync(Arguments arguments, string? password = null)
    {
        if (Address.IsDatagram && Address.Scheme != AddressScheme.Udp)
            throw CliException.Usage($"{Address}: datagrams of the native protocol go over udp.");
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        bool isNew = Door.IsTls && TrustName.IsNew(arguments, Door);
        using X509Certificate2? key = ReadKey(arguments, Door);
        if (User is not null && key is not null)
            throw CliException.Usage("--key says who we are; leave out the user before the @.");
        if (User is null && arguments.Has(PasswordInput.PasswordFile))
            throw CliException.Usage("A password needs a user: write USER@HOST.");
        bool isOverDatagrams = Address.IsDatagram || arguments.Has(ExecFlags.Udp);
        var options = new CommandClientOptions
        {
            // Whoever shows a plain stream receives it on a thread of its own: the kernel wakes that at once, a loop would have to pass it on.
            Dial = Dial(arguments, Door, key) with { Blocking = !isOverDatagrams && !Door.IsTls },
            Key = keys.Count > 0 ? keys[0] : null,
            UserName = User,
            Password = User is null ? null : password ?? FindPassword(arguments),
        };
        CommandClient client = isOverDatagrams
            ? await CommandClient.ConnectOverDatagramsAsync(Door, options, Address.IsDatagram ? Address : null)
            : await CommandClient.ConnectAsync(Door, options);
        if (isOverDatagrams)
            NetworkChange.NetworkAddressChanged += async (_, _) => await TryMoveAsync(client);
        if (isNew)
            Terminal.Error.WriteLine($"dialtone: {Door} is called for the first time; its key {client.Tls?.PeerFingerprint} is remembered.");
        return client;
    }

    /// <summary>The password from where it is kept, or asked for.</summary>
    public string FindPassword(Arguments arguments) => PasswordInput.Given(arguments) ?? PasswordInput.Ask($"Password of {Printable.Of(User!)} at {Address}: ");

    /// <summary>A connection for the tutorials' framings.</summary>
    public async Task<Connection> DialAsync(Arguments arguments)
    {
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        using X509Certificate2? key = ReadKey(arguments, Address);
        Connection connection = await Dialer.ConnectAsync(Address, Dial(arguments, Address, key));
        if (keys.Count > 0)
            await HmacChallenge.AnswerAsync(connection, keys[0], HmacFlags.DigestOf(arguments));
        return connection;
    }

    /// <summary>As it was named, without the user.</summary>
    public override string ToString() => Address.ToString();

    private static (string Place, string? User) SplitUser(string text)
    {
        int start = text.IndexOf("://", StringComparison.Ordinal) is >= 0 and int mark ? mark + 3 : 0;
        int at = text.IndexOf('@', start);
        if (at <= start || text.IndexOf('/', start) is >= 0 and int slash && slash < at)
            return (text, null);
        string user = text[start..at];
        if (user.Contains(':', StringComparison.Ordinal))
            throw CliException.Usage("A password never stands in an address, where every user of this machine can read it.", "Use --password-file FILE, DIALTONE_PASSWORD, or type it when asked.");
        return CredentialRules.IsName(user) ? (text[..start] + text[(at + 1)..], user) : throw CliException.Usage($"'{text}' names no user before the @.");
    }

    private static async Task TryMoveAsync(CommandClient client)
    {
        try
        {
            await client.MoveAsync();
        }
        catch (Exception e) when (e is TransportException or ObjectDisposedException)
        {
            // There is no way to the server from here yet, or the command has ended.
        }
    }

    private static bool IsScheme(string text) => text.StartsWith("memory:", StringComparison.Ordinal) || text.StartsWith("fd:", StringComparison.Ordinal);

    private static X509Certificate2? ReadKey(Arguments arguments, Address address)
    {
        TrustName.CheckTls(arguments, address);
        return arguments.Get(CallFlags.Key) is { } path ? ClientKey.Load(path) : null;
    }

    private static DialOptions Dial(Arguments arguments, Address address, X509Certificate2? key) => address.IsTls
        ? new DialOptions { Tls = new TlsClientOptions { Trust = TrustName.Of(arguments), Key = key } }
        : new DialOptions();
}
