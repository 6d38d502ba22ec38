using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Dialtone.Cli;

/// <summary>Runs a server from the first line it prints to the exit code.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(10);

    public static async Task<ExitCode> RunAsync(Arguments arguments, ReplyService service)
    {
        ServerOptions options = ReadOptions(arguments);
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.KeyFile);
        ServeChecks.CheckDatagrams(arguments, keys);
        await using var server = new Server(options);
        bool isBlocking = options.Concurrency.Kind is ConcurrencyKind.Thread or ConcurrencyKind.Pool;
        if (isBlocking)
            server.HandleBlocking(service.Run);
        else
            server.Handle(service.RunAsync);

        if (keys.Count > 0)
            server.Use(HmacChallenge.With(HmacFlags.DigestOf(arguments), keys)); // and no datagrams, also on inherited sockets
        else if (isBlocking)
            server.HandleDatagramsBlocking(service.Reply);
        else
            server.HandleDatagrams(service.ReplyAsync);

        if (await WorkerProcess.TryRunAsync(server))
            return ExitCode.Done;
        using var signals = new StopSignals();
        await server.StartAsync();
        using ReadyFile? ready = Announce(server.Addresses, arguments.Get(ServeFlags.ReadyFile));
        return await DrainAsync(server, signals, arguments.Get(ServeFlags.Drain, DefaultDrain));
    }

    /// <param name="arguments">What was asked for.</param>
    /// <param name="usual">Where to listen if nothing else was named.</param>
    public static ServerOptions ReadOptions(Arguments arguments, Address? usual = null)
    {
        IReadOnlyList<Address> listen = arguments.All(ServeFlags.Listen);
        if (listen.Count == 0 && usual is not null)
            listen = [usual];
        if (listen.Count == 0)
        {
            throw CliException.Usage(
                "There is nothing to listen on.", $"dialtone {arguments.Verb.Name} --listen tcp://127.0.0.1:9000");
        }

        var limits = new ServerLimits();
        return new ServerOptions
        {
            Listen = listen,
            Concurrency = arguments.Get(ServeFlags.Concurrency, Concurrency.Inline),
            Engine = arguments.Get(ServeFlags.Engine, EngineKind.Auto),
            Socket = new ListenOptions { Backlog = arguments.Get(ServeFlags.Backlog, new ListenOptions().Backlog) },
            Tls = ReadTls(arguments, listen),
            Limits = limits with
            {
                MaxConnections = arguments.Get(ServeFlags.MaxConnections, limits.MaxConnections),
                MaxPerAddress = arguments.Find(ServeFlags.MaxPerAddress),
                Idle = arguments.Find(ServeFlags.Idle),
                FirstByte = arguments.Find(ServeFlags.FirstByte),
            },
            LoggerFactory = new StandardErrorLog(LeastLevel(arguments)),
        };
    }

    /// <summary>The operator's certificate and its key; null where none is named.</summary>
    public static (string Certificate, string Key)? NamedCertificate(Arguments arguments)
    {
        string? certificate = arguments.Get(ServeFlags.TlsCertificate);
        string? key = arguments.Get(ServeFlags.TlsKey);
        if (certificate is null != key is null)
            throw CliException.Usage("--tls-cert and --tls-key go together.");
        return certificate is null ? null : (certificate, key!);
    }

    /// <summary>The operator's certificate, or one of our own that is made on the first start.</summary>
    private static TlsServerOptions? ReadTls(Arguments arguments, IReadOnlyList<Address> listen)
    {
        if (NamedCertificate(arguments) is var (certificate, key))
            return new TlsServerOptions { CertificateFile = certificate, KeyFile = key };
        if (!listen.Any(address => address.IsTls))
            return null;
        X509Certificate2 own = ServerCertificate.LoadOrCreate(Folders.Own);
        if (!WorkerProcess.IsWorker)
            Terminal.Say($"dialtone: the server's key is {CertificateFingerprint.Of(own)} (kept in {Folders.Own}).");
        return new TlsServerOptions { Certificate = own };
    }

    /// <summary>A worker leaves the server's comings and goings to its parent.</summary>
    public static LogLevel LeastLevel(Arguments arguments) =>
        arguments.Has(ServeFlags.Verbose) ? LogLevel.Debug : WorkerProcess.IsWorker ? LogLevel.Warning : LogLevel.Information;

    /// <summary>Tells people and scripts where the server listens, in the order of <c>--listen</c>.</summary>
    public static ReadyFile? Announce(IReadOnlyList<Address> addresses, string? path)
    {
        string lines = string.Concat(addresses.Select(address => $"listening {address}\n"));
        Terminal.Out.Write(lines);
        Terminal.Flush();
        return path is null ? null : new ReadyFile(path, lines);
    }

    /// <summary>The first signal drains, the second cuts.</summary>
    public static async Task<ExitCode> DrainAsync(Server server, StopSignals signals, TimeSpan patience, string noun = "conversation")
    {
        await signals.First;
        if (patience > TimeSpan.Zero && server.ActiveConnections is > 0 and int open)
        {
            string conversations = open == 1 ? $"1 {noun}" : $"{open} {noun}s";
            Terminal.Say($"dialtone: {conversations} may go on for {patience.TotalSeconds:0.###} s; Ctrl-C again cuts.");
        }

        Task<DrainReport> draining = server.StopAsync(patience);
        if (await Task.WhenAny(draining, signals.Second) == draining)
            return ExitCode.Done;
        int cut = server.ActiveConnections;
        await server.DisposeAsync();
        return cut == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
