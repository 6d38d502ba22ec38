using System.Globalization;

namespace Dialtone.Cli;

/// <summary>A place on a server, as it is written on the command line.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Server">Where the server is; null for a name that may be a bookmark's (then <paramref name="Host"/> is it).</param>
/// <param name="Host">The host or bookmark of the short form; null for an address.</param>
/// <param name="User">Who; null if not said.</param>
/// <param name="Path">What stands behind the server: empty, or with <c>/</c> between names.</param>
internal sealed record RemoteName(string Text, Address? Server, string? Host, string? User, string Path)
{
    /// <summary>The port of the files service.</summary>
    public const int DefaultPort = 7070;

    public const string Forms = "[USER@]HOST:PATH, tls://[USER@]HOST[:PORT]/PATH, tcp://… or unix://SOCKET!PATH";

    /// <summary>Whether the path asks for a folder.</summary>
    public bool EndsInSlash => Path.Length == 0 || Path[^1] == '/';

    // remote  = ("tls" | "tcp") "://" [ user "@" ] host [ ":" port ] [ "/" path ]
    //         | "unix://" [ user "@" ] socket [ "?" option ] [ "!" path ]      ; a socket's path begins with "/", an abstract name with "@"
    //         | [ user "@" ] ( host | "[" ipv6 "]" | bookmark ) ":" path       ; TLS on port 7070; the colon stands before any slash
    /// <summary>Reads a remote name. Null if the text names a file of this machine.</summary>
    /// <exception cref="CliException">It begins like a remote name and is none.</exception>
    public static RemoteName? Find(string text)
    {
        int mark = text.IndexOf("://", StringComparison.Ordinal);
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (mark > 0 && mark < slash && text.AsSpan(0, mark).IndexOfAnyExceptInRange('a', 'z') < 0)
            return text[..mark] == "unix" ? FromSocket(text) : FromAddress(text, mark);
        int colon = text.StartsWith('[') || text.Contains("@[", StringComparison.Ordinal)
            ? text.IndexOf("]:", StringComparison.Ordinal) + 1
            : text.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || (slash >= 0 && slash < colon) ? null : FromHost(text, colon);
    }

    /// <summary>Reads a remote name.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public static RemoteName Parse(string text) => Find(text)
        ?? throw CliException.Usage($"'{text}' names no place on a server.", $"Write {Forms}.");

    /// <summary>Where the server is when no bookmark says so.</summary>
    public Address AddressOfHost() => Read($"tls://{Host}:{DefaultPort}");

    private static RemoteName FromAddress(string text, int mark)
    {
        string scheme = text[..mark];
        if (scheme is not ("tls" or "tcp"))
            throw CliException.Usage($"'{text}' cannot be called: files are served over tls://, tcp:// and unix://.");
        string rest = text[(mark + 3)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string path = slash < 0 ? "" : rest[slash..];
        (string? user, string host) = SplitUser(text, slash < 0 ? rest : rest[..slash]);
        int colon = host.LastIndexOf(':');
        if (colon < 0 || host.EndsWith(']'))
            host = string.Create(CultureInfo.InvariantCulture, $"{host}:{DefaultPort}");
        if (host.LastIndexOf(':') == 0)
            throw CliException.Usage($"'{text}' names no host.", $"Write {Forms}.");
        return new RemoteName(text, Read($"{scheme}://{host}"), null, user, path);
    }

    private static RemoteName FromSocket(string text)
    {
        string rest = text["unix://".Length..];
        int mark = rest.IndexOf('!', StringComparison.Ordinal);
        (string socket, string path) = mark < 0 ? (rest, "") : (rest[..mark], rest[(mark + 1)..]);
        string? user = null;
        int at = socket.IndexOf('@', StringComparison.Ordinal);
        if (at > 0 && socket[0] != '/')
            (user, socket) = (CheckUser(text, socket[..at]), socket[(at + 1)..]);
        return new RemoteName(text, Read($"unix://{socket}"), null, user, path);
    }

    private static RemoteName FromHost(string text, int colon)
    {
        (string? user, string host) = SplitUser(text, text[..colon]);
        if (host.Length == 0 || host.Any(char.IsWhiteSpace))
            throw CliException.Usage($"'{text}' names no host.", $"Write {Forms}; a file of this machine with a colon in its name is written ./{text}.");
        return new RemoteName(text, null, host, user, text[(colon + 1)..]);
    }

    private static (string? User, string Host) SplitUser(string text, string authority)
    {
        int at = authority.LastIndexOf('@');
        return at < 0 ? (null, authority) : (CheckUser(text, authority[..at]), authority[(at + 1)..]);
    }

    private static string CheckUser(string text, string user)
    {
        if (user.Contains(':', StringComparison.Ordinal))
            throw CliException.Usage("A password never stands in an address, where every user of this machine can read it.", "Use --password-file FILE, DIALTONE_PASSWORD, or type it when asked.");
        return CredentialRules.IsName(user) ? user : throw CliException.Usage($"'{text}' names no user before the @.");
    }

    private static Address Read(string address) =>
        Address.TryParse(address, out Address? read, out string? problem) ? read : throw CliException.Usage(problem);
}
