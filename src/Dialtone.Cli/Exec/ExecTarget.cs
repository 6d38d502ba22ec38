using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>Where a command is to run, and how to get in there.</summary>
internal static class ExecTarget
{
    /// <summary>An address, a host, or a host and a port.</summary>
    public static Address Read(string text)
    {
        string whole = text.Contains(':', StringComparison.Ordinal) && !text.Contains("://", StringComparison.Ordinal) && !text.StartsWith('[') && !IsScheme(text)
            ? $"tls://{text}"
            : text.Contains(':', StringComparison.Ordinal) ? text : string.Create(CultureInfo.InvariantCulture, $"tls://{text}:{CommandServer.DefaultPort}");
        return Address.TryParse(whole, out Address? address, out string? problem) ? address : throw CliException.Usage(problem);
    }

    public static async Task<CommandClient> ConnectAsync(Arguments arguments, Address address)
    {
        if (address.IsDatagram)
            throw CliException.Usage($"{address}: the native protocol needs a connection.", "The tutorials' servers are spoken to over udp with --framing raw.");
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        bool isNew = address.IsTls && TrustName.IsNew(arguments, address);
        using X509Certificate2? key = ReadKey(arguments, address);
        var options = new CommandClientOptions { Dial = Dial(arguments, address, key), Key = keys.Count > 0 ? keys[0] : null };
        CommandClient client = await CommandClient.ConnectAsync(address, options);
        if (isNew)
            Terminal.Error.WriteLine($"dialtone: {address} is called for the first time; its key {client.Tls?.PeerFingerprint} is remembered.");
        return client;
    }

    /// <summary>A connection for the tutorials' framings.</summary>
    public static async Task<Connection> DialAsync(Arguments arguments, Address address)
    {
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        using X509Certificate2? key = ReadKey(arguments, address);
        Connection connection = await Dialer.ConnectAsync(address, Dial(arguments, address, key));
        if (keys.Count > 0)
            await HmacChallenge.AnswerAsync(connection, keys[0], HmacFlags.DigestOf(arguments));
        return connection;
    }

    private static bool IsScheme(string text) => text.StartsWith("memory:", StringComparison.Ordinal) || text.StartsWith("fd:", StringComparison.Ordinal);

    private static X509Certificate2? ReadKey(Arguments arguments, Address address) =>
        address.IsTls && arguments.Get(CallFlags.Key) is { } path ? ClientKey.Load(path) : null;

    private static DialOptions Dial(Arguments arguments, Address address, X509Certificate2? key) => address.IsTls
        ? new DialOptions { Tls = new TlsClientOptions { Trust = TrustName.Of(arguments), Key = key } }
        : new DialOptions();
}
