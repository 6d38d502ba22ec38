namespace Dialtone.Cli;

/// <summary>What the people on the other side type.</summary>
internal static class ChatInvitation
{
    public static IReadOnlyList<string> Lines(IReadOnlyList<Address> addresses, bool isPlain, bool needsAccount)
    {
        var lines = new List<string>();
        string user = needsAccount ? "USER@" : "";
        foreach (Address address in addresses)
        {
            string host = address.Host is "*" or "0.0.0.0" or "::" ? Environment.MachineName : address.Host ?? "";
            string place = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
            (string? what, string command) = address.Scheme switch
            {
                AddressScheme.Tls => ("join", $"dialtone chat {user}{place}:{address.Port}"),
                AddressScheme.Udp when isPlain => ("ask", $"nc -u {host} {address.Port}   or   dialtone chat --plain {place}:{address.Port}"),
                AddressScheme.Tcp => ("lines", $"nc {host} {address.Port}"),
                AddressScheme.Unix => ("lines", $"nc -U {address.Path}"),
                _ => (null, ""),
            };
            if (what is not null)
                lines.Add($"  {what,-6} {command}");
        }

        return lines;
    }
}
