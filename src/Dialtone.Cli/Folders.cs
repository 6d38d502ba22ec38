namespace Dialtone.Cli;

/// <summary>Where the tool keeps what it keeps: <c>$XDG_CONFIG_HOME/dialtone</c>, which is <c>~/.config/dialtone</c> unless set.</summary>
internal static class Folders
{
    public static string Own { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "dialtone");

    public static string ClientKey => Path.Combine(Own, "key.pem");

    public static string Accounts => Path.Combine(Own, "accounts.json");

    public static string KnownHosts => Path.Combine(Own, "known_hosts");
}
