using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Runs the file server from the first line it prints to the exit code.</summary>
internal static class FilesCommand
{
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(30);

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        foreach ((_, Action<Arguments> look) in arguments.Verb.Checks)
            look(arguments);

        var log = new StandardErrorLog(ServeCommand.LeastLevel(arguments));
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.KeyFile);
        bool isClosed = keys.Count == 0 && arguments.Get(FilesFlags.Anonymous, FileRights.None) == FileRights.None;
        CertificateFiles? certificate = FilesSettings.Certificate(arguments);
        certificate?.Make();
        AccountsFile? accounts = FirstRun.OpenAccounts(arguments, isClosed);
        string root = FirstRun.MakeRoot(arguments);
        using LocalFileStore store = OpenStore(root, log);
        await using AuditLog? audit = OpenAudit(arguments, log);

        await using var server = new Server(FilesSettings.Server(arguments, certificate, log));
        FileServiceOptions options = FilesSettings.Service(arguments, store, accounts, audit, keys.Count > 0);
        await using var service = new FileService(options with { Penalties = server.Penalties, LoggerFactory = log });
        if (keys.Count > 0)
            server.Use(HmacChallenge.With(HmacFlags.DigestOf(arguments), keys));
        new FileServer(service).AddTo(server);

        using var signals = new StopSignals();
        using var reload = new ReloadSignal(accounts, certificate, audit, signals.Stop);
        await service.StartAsync();
        await server.StartAsync();
        string? password = isClosed && accounts is { All.Count: 0 } && !arguments.Has(FilesFlags.Accounts) ? FirstRun.AddUser(accounts) : null;
        Welcome.Print(root, arguments, accounts, password, certificate, server.Addresses);
        using ReadyFile? ready = ServeCommand.Announce(server.Addresses, arguments.Get(ServeFlags.ReadyFile));
        return await ServeCommand.DrainAsync(server, signals, arguments.Get(FilesFlags.Drain, DefaultDrain), "session");
    }

    private static LocalFileStore OpenStore(string root, StandardErrorLog log)
    {
        try
        {
            return LocalFileStore.Open(root);
        }
        catch (FileException e)
        {
            throw new CliException(ExitCode.Files, $"The folder {root} cannot be shared: {e.Message}", (e.InnerException as IOException)?.Message);
        }
    }

    private static AuditLog? OpenAudit(Arguments arguments, StandardErrorLog log)
    {
        if (arguments.Get(FilesFlags.Audit) is not { } path)
            return null;
        try
        {
            return AuditLog.Open(path, logger: log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The audit log {path} cannot be opened: {e.Message}");
        }
    }
}
