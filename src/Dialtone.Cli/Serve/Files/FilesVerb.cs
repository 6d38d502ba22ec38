namespace Dialtone.Cli;

/// <summary><c>dialtone serve</c>, the file server.</summary>
internal static class FilesVerb
{
    public static Verb Files { get; } = new("serve files", "Share a folder; 'dialtone serve' alone means this", FilesCommand.RunAsync)
    {
        LeadsFamily = true,
        Checks = FilesChecks.All,
        Flags =
        [
            new("Sharing", FilesFlags.Root, FilesFlags.Listen, ServeFlags.Config, FilesFlags.Audit),
            new("Who may do what", FilesFlags.Accounts, FilesFlags.Anonymous, FilesFlags.FromAnywhere, HmacFlags.KeyFile, HmacFlags.Digest, ServeFlags.TlsCertificate, ServeFlags.TlsKey),
            new("Limits", FilesFlags.Quota, FilesFlags.QuotaFiles, ServeFlags.MaxConnections, FilesFlags.MaxPerAddress, FilesFlags.MaxSessions, FilesFlags.Idle, FilesFlags.Stalled),
            new("Running", FilesFlags.Drain, ServeFlags.ReadyFile, ServeFlags.Verbose),
        ],
        Details =
        [
            "Without flags it shares ./shared on tls://127.0.0.1:7070, and the first start makes a certificate and a user with a random password, which it shows once, with the command to type on the other side. The socket tutorials' scripts are answered on the same port.",
            "SIGHUP reads accounts and certificates again and reopens the audit log. Ctrl-C lets transfers finish; a second one cuts them.",
        ],
        Examples =
        [
            "dialtone serve",
            "dialtone serve --root /srv/files --listen tls://0.0.0.0:7070",
            "dialtone serve --config /etc/dialtone/files.json",
        ],
    };
}
