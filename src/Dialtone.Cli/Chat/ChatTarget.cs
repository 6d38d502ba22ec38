using System.Globalization;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>The chat that is meant on a command line.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="User">The account to log in with; null for none.</param>
internal sealed record ChatTarget(Address Address, string? User)
{
    // target = [ ("tls" | "udp") "://" ] [ user "@" ] host [ ":" port ]      ; tls and 7072 where they are missing, udp with --plain
    public static ChatTarget Read(string text, bool isPlain)
    {
        int mark = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = mark < 0 ? isPlain ? "udp" : "tls" : text[..mark];
        string place = mark < 0 ? text : text[(mark + 3)..];
        if (scheme is "unixgram" && isPlain)
            return new ChatTarget(Parse(text), null);
        if (scheme != (isPlain ? "udp" : "tls"))
        {
            throw CliException.Usage(
                isPlain ? $"{text}: plain text goes over udp://." : $"{text}: a chat is joined over tls://.",
                scheme == "udp" ? "With --plain, each line is a datagram." : scheme == "tcp" ? "A chat by lines needs no client of its own: dialtone call --stream, nc or telnet." : null);
        }

        int at = place.LastIndexOf('@');
        string? user = at < 0 ? null : place[..at];
        if (user is not null && (isPlain || user.Contains(':', StringComparison.Ordinal) || !CredentialRules.IsName(user)))
            throw CliException.Usage(isPlain ? "Plain text logs in nowhere." : $"'{text}' names no user before the @.", isPlain ? null : $"A password is never written there; use --password-file FILE, {PasswordInput.Variable}, or type it when asked.");
        string host = place[(at + 1)..];
        if (host.EndsWith(']') || !host.Contains(':', StringComparison.Ordinal))
            host = string.Create(CultureInfo.InvariantCulture, $"{host}:{ChatServer.DefaultPort}");
        return new ChatTarget(Parse($"{scheme}://{host}"), user);
    }

    private static Address Parse(string text) => Address.TryParse(text, out Address? address, out string? problem) ? address : throw CliException.Usage(problem);
}
