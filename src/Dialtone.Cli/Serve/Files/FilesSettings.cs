using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>What the flags of the file server mean, with what holds where one is missing.</summary>
internal static class FilesSettings
{
    private const int DefaultPerAddress = 1000;
    private static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(30); // a client speaks at once

    public static IReadOnlyList<Address> Listen(Arguments arguments) =>
        arguments.All(FilesFlags.Listen) is { Count: > 0 } given ? given : [FilesFlags.DefaultListen];

    public static string Root(Arguments arguments) => arguments.Get(FilesFlags.Root) ?? "shared";

    public static string AccountsPath(Arguments arguments) => arguments.Get(FilesFlags.Accounts) ?? Folders.Accounts;

    public static Quota? ShareQuota(Arguments arguments)
    {
        long? bytes = arguments.Find(FilesFlags.Quota);
        int? files = arguments.Find(FilesFlags.QuotaFiles);
        return bytes is null && files is null ? null : new Quota(bytes, files);
    }

    /// <summary>The operator's certificate, or the tool's own where a TLS address needs one; null where none is needed.</summary>
    public static CertificateFiles? Certificate(Arguments arguments)
    {
        if (ServeCommand.NamedCertificate(arguments) is var (certificate, key))
            return new CertificateFiles(certificate, key, IsOwn: false);
        return Listen(arguments).Any(address => address.IsTls)
            ? new CertificateFiles(Path.Combine(Folders.Own, "server.crt"), Path.Combine(Folders.Own, "server.key"), IsOwn: true)
            : null;
    }

    public static ServerOptions Server(Arguments arguments, CertificateFiles? certificate, StandardErrorLog log)
    {
        var limits = new ServerLimits();
        return new ServerOptions
        {
            Listen = Listen(arguments),
            Tls = certificate is null ? null : new TlsServerOptions
            {
                CertificateFile = certificate.Certificate,
                KeyFile = certificate.Key,
                ClientCertificates = ClientCertificateMode.Allowed,
            },
            Limits = limits with
            {
                MaxConnections = DescriptorRoom.Callers(arguments.Get(ServeFlags.MaxConnections, limits.MaxConnections)),
                MaxPerAddress = arguments.Get(FilesFlags.MaxPerAddress, DefaultPerAddress),
                FirstByte = FirstByte,
            },
            LoggerFactory = log,
        };
    }

    public static FileServiceOptions Service(Arguments arguments, IFileStore store, IAccounts? accounts, AuditLog? audit, bool hasDoor)
    {
        var options = new FileServiceOptions { Store = store };
        return options with
        {
            Accounts = accounts,
            Anonymous = arguments.Get(FilesFlags.Anonymous, FileRights.None),
            DoorOpens = hasDoor,
            ShareQuota = ShareQuota(arguments),
            Audit = audit,
            MaxSessionsPerUser = arguments.Get(FilesFlags.MaxSessions, options.MaxSessionsPerUser),
            MaxSessionsPerAddress = arguments.Get(FilesFlags.MaxPerAddress, options.MaxSessionsPerAddress),
            SessionIdle = arguments.Get(FilesFlags.Idle, options.SessionIdle),
            StalledTransfer = arguments.Get(FilesFlags.Stalled, options.StalledTransfer),
        };
    }
}
