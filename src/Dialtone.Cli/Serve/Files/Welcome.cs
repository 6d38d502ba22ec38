using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>What a file server tells the person who started it: what is shared, who may log in, and what to type on the other side.</summary>
internal static class Welcome
{
    private const int MostNames = 5;

    public static void Print(
        string root, Arguments arguments, AccountsFile? accounts, string? password, CertificateFiles? certificate, IReadOnlyList<Address> addresses)
    {
        var rows = new List<(string Name, string Text)> { ("sharing", root) };
        if (accounts is not null)
        {
            rows.Add((accounts.All.Count == 1 ? "user" : "users", Names(accounts)));
            if (password is not null && Terminal.ErrorIsInteractive)
                rows.Add(("password", $"{password}   (shown this once)"));
            else if (password is not null)
                rows.Add(("password", $"in {FirstRun.Keep(password)}"));
            rows.Add(("accounts", FilesSettings.AccountsPath(arguments)));
        }

        if (arguments.Get(FilesFlags.Anonymous, FileRights.None) is not FileRights.None and var anonymous)
            rows.Add(("anonymous", $"may {(anonymous.HasFlag(FileRights.Create) ? "read and write" : "read")}"));
        if (certificate is not null)
            rows.Add(("fingerprint", certificate.Fingerprint()));
        if (Command(accounts, addresses) is { } command)
            rows.Add(("try", command));

        foreach ((string name, string text) in rows)
            Terminal.Error.WriteLine($"  {name,-12} {text}");
        foreach (Address address in addresses.Where(address => !address.IsTls && !address.IsLocal))
            Terminal.Say($"dialtone: over {address} files and the tutorials' passwords pass unencrypted; tls:// encrypts.");
        if (accounts is { All.Count: 0 })
            Terminal.Say($"dialtone: nobody may log in yet: dialtone user add NAME --accounts {FilesSettings.AccountsPath(arguments)}");
    }

    /// <summary>The users, or how many there are where they are many.</summary>
    public static string Names(AccountsFile accounts)
    {
        string[] names = [.. accounts.All.Select(account => account.Name)];
        return names.Length switch
        {
            0 => "nobody",
            <= MostNames => string.Join(", ", names),
            _ => $"{string.Join(", ", names[..(MostNames - 1)])} and {names.Length - MostNames + 1} more",
        };
    }

    private static string? Command(AccountsFile? accounts, IReadOnlyList<Address> addresses)
    {
        string user = accounts is { All: [var first, ..] } ? $"{first.Name}@" : "";
        return addresses.Select(address => RemoteNameOf(address, user)).FirstOrDefault(name => name is not null) is { } remote
            ? $"dialtone ls {remote}"
            : null;
    }

    private static string? RemoteNameOf(Address address, string user) => address.Scheme switch
    {
        AddressScheme.Tls or AddressScheme.Tcp when address.Host is "*" or "0.0.0.0" or "::" =>
            $"{Scheme(address)}://{user}{Environment.MachineName}:{address.Port}/",
        AddressScheme.Tls or AddressScheme.Tcp when address.Host!.Contains(':', StringComparison.Ordinal) =>
            $"{Scheme(address)}://{user}[{address.Host}]:{address.Port}/",
        AddressScheme.Tls or AddressScheme.Tcp => $"{Scheme(address)}://{user}{address.Host}:{address.Port}/",
        AddressScheme.Unix => $"unix://{user}{address.Path}!/",
        _ => null,
    };

    private static string Scheme(Address address) => address.IsTls ? "tls" : "tcp";
}
