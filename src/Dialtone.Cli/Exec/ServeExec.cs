using System.Text;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary><c>dialtone serve exec</c>: runs commands for callers, from the first line it prints to the exit code.</summary>
internal static class ServeExec
{
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(2);
    private static readonly Address DefaultListen = Address.Tcp("127.0.0.1", CommandServer.DefaultPort);

    /// <summary>What must be right before commands are run for anybody.</summary>
    public static IReadOnlyList<(Flag Flag, Action<Arguments> Look)> Checks { get; } =
    [
        (ServeExecFlags.Allow, arguments => ReadPolicy(arguments)),
        (ServeFlags.TlsCertificate, ServeChecks.CheckCertificate),
        (HmacFlags.KeyFile, arguments => HmacFlags.Keys(arguments, HmacFlags.KeyFile)),
        (ServeFlags.Listen, arguments => OpenDoor(arguments, ReadPolicy(arguments), arguments.All(ServeFlags.Listen) is { Count: > 0 } named ? named : [DefaultListen])),
        (ServeExecFlags.Folder, arguments => FindFolder(arguments)),
    ];

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        ThreadPoolSpinning.TurnOff();
        string framing = arguments.Get(ServeExecFlags.Framing) ?? ExecFraming.Native;
        CommandPolicy policy = ReadPolicy(arguments);
        ServerOptions options = ServeCommand.ReadOptions(arguments, DefaultListen) with { Concurrency = Concurrency.Task };
        ExecDoor door = OpenDoor(arguments, policy, options.Listen);
        options = door.Prepare(options);
        using CommandAudit audit = OpenAudit(arguments);
        await using var service = new CommandService(ReadService(arguments, policy, audit) with { LoggerFactory = options.LoggerFactory });
        await using var server = new Server(options);
        Encoding? encoding = arguments.Get(ServeExecFlags.ReplyEncoding) is { } named && named.CodePage != Encoding.UTF8.CodePage ? named : null;
        await using var flows = new CommandFlows();
        if (ExecFraming.Tutorial(framing) is not { } tutorial)
        {
            server.HandleCommands(service, options.Listen.Any(address => address.IsDatagram) ? flows : null);
        }
        else
        {
            server.HandleTutorialCommands(service, tutorial, encoding);
            if (options.Listen.Any(address => address.IsDatagram))
                server.HandleCommandDatagrams(service, encoding);
        }

        door.Guard(server);
        using var signals = new StopSignals();
        using IDisposable? reload = door.ReloadOnSignal(signals.Stop);
        await server.StartAsync();
        if (policy.AllowsAnyCommand)
            Terminal.Error.WriteLine("dialtone: any command is allowed: whoever gets in can do what this user can.");
        using ReadyFile? ready = ServeCommand.Announce(server.Addresses, arguments.Get(ServeFlags.ReadyFile));
        return await ServeCommand.DrainAsync(server, signals, arguments.Get(ServeFlags.Drain, DefaultDrain), "caller");
    }

    private static ExecDoor OpenDoor(Arguments arguments, CommandPolicy policy, IReadOnlyList<Address> listen)
    {
        string framing = arguments.Get(ServeExecFlags.Framing) ?? ExecFraming.Native;
        if (framing == ExecFraming.Native && arguments.Has(HmacFlags.Digest))
            throw CliException.Usage("--hmac is for the tutorials' framings; the native protocol's proof has one digest.");
        var door = ExecDoor.Open(arguments, framing, HmacFlags.Keys(arguments, HmacFlags.KeyFile), arguments.All(ServeExecFlags.AllowKey));
        Check(listen, framing, policy, door);
        return door;
    }

    private static CommandPolicy ReadPolicy(Arguments arguments)
    {
        string? file = arguments.Get(ServeExecFlags.Allow);
        bool any = arguments.Has(ServeExecFlags.AllowAny);
        if (file is null != any)
        {
            throw CliException.Usage(
                any ? "--allow and --allow-any-command exclude each other." : "No command is allowed yet.",
                "Write rules and name them with --allow FILE, or --allow-any-command; 'dialtone serve exec --help' says more.");
        }

        try
        {
            return any ? CommandPolicy.AnyCommandWhichIsDangerous : CommandPolicy.Load(file!);
        }
        catch (CommandException e)
        {
            throw new CliException(ExitCode.Files, e.Message, "A policy with a rule that is not understood allows nothing.");
        }
    }

    /// <summary>Refuses to start what would let in whoever comes by.</summary>
    private static void Check(IReadOnlyList<Address> listen, string framing, CommandPolicy policy, ExecDoor door)
    {
        foreach (Address address in listen)
        {
            if (address.IsDatagram && framing == ExecFraming.Native)
            {
                CheckFlows(address, listen);
                continue;
            }

            if (address.IsDatagram && (framing != "raw" || !door.IsOpen))
                throw CliException.Usage($"{address}: the tutorials' datagrams carry neither a framing nor a proof of who sent them.", "Serve connections apart, with --framing and --hmac-key-file.");
            bool isExposed = !address.IsLocal || address.Scheme == AddressScheme.Descriptor;
            if (policy.AllowsAnyCommand && isExposed && !door.Proves(address))
            {
                throw CliException.Usage(
                    $"With --allow-any-command, anybody who reaches {address} would own this machine.",
                    "Ask callers for proof with --accounts, --hmac-key-file, or over tls: with --allow-key; or listen on 127.0.0.1.");
            }

            door.Check(address);
        }
    }

    /// <summary>Native datagrams are for those who have been let in over a connection, where nobody listens in.</summary>
    private static void CheckFlows(Address address, IReadOnlyList<Address> listen)
    {
        if (address.Scheme != AddressScheme.Udp)
            throw CliException.Usage($"{address}: datagrams of the native protocol go over udp.");
        if (!listen.Any(door => !door.IsDatagram && (door.IsTls || door.IsLocal)))
        {
            throw CliException.Usage(
                $"{address}: nobody could get in. The native protocol lets callers in over TLS, and goes on in datagrams then.",
                $"Add --listen tls{address.ToString()["udp".Length..]}; or --framing raw, for the tutorials' datagrams, which prove nobody.");
        }
    }

    private static CommandAudit OpenAudit(Arguments arguments)
    {
        if (arguments.Get(ServeExecFlags.Audit) is not { } path)
            return new CommandAudit(Terminal.OpenError());
        try
        {
            return CommandAudit.OpenFile(path);
        }
        catch (CommandException e)
        {
            throw new CliException(ExitCode.Files, e.Message);
        }
    }

    /// <summary>So much of the drain that the rest is enough to end commands and tell their callers.</summary>
    private static TimeSpan StopPatience(TimeSpan drain) =>
        drain > 2 * EndingTime ? drain - EndingTime : drain > TimeSpan.Zero ? drain / 2 : TimeSpan.FromMilliseconds(1);

    private static string FindFolder(Arguments arguments)
    {
        string folder = arguments.Get(ServeExecFlags.Folder) is { } named ? Path.GetFullPath(named) : new CommandServiceOptions().Folder;
        return Directory.Exists(folder) ? folder : throw new CliException(ExitCode.Files, $"There is no folder {folder} to run commands in.", "Name one with --cwd.");
    }

    private static long? FindMemoryLimit(Arguments arguments)
    {
        long? bytes = arguments.Find(ServeExecFlags.MemoryLimit);
        if (bytes is < 1 << 20)
            throw new CliException(ExitCode.Usage, "--memory-limit is at least 1M.");
        if (bytes is not null && !CommandRunner.CanBoundMemory)
            throw new CliException(ExitCode.Failed, "--memory-limit needs a control group, and this system gives the server none.", "Under systemd: Delegate=memory and DelegateSubgroup=server. See docs/commands.md.");
        return bytes;
    }

    private static CommandServiceOptions ReadService(Arguments arguments, CommandPolicy policy, CommandAudit audit)
    {
        var defaults = new CommandServiceOptions();
        string folder = FindFolder(arguments);
        int running = arguments.Get(ServeExecFlags.MaxRunning, defaults.MaxRunning);
        return defaults with
        {
            Policy = policy,
            Audit = audit,
            Folder = folder,
            MaxRunning = running,
            MaxWaiting = running,
            StopPatience = StopPatience(arguments.Get(ServeFlags.Drain, DefaultDrain)),
            MaxKept = arguments.Get(ServeExecFlags.MaxKept, defaults.MaxKept),
            MaxKeptBytes = arguments.Get(ServeExecFlags.KeptOutput, defaults.MaxKeptBytes),
            KeepFor = arguments.Get(ServeExecFlags.KeepFor, defaults.KeepFor),
            Limits = new CommandLimits
            {
                Time = arguments.Find(ServeExecFlags.TimeLimit),
                CpuTime = arguments.Find(ServeExecFlags.CpuLimit),
                OutputBytes = arguments.Find(ServeExecFlags.OutputLimit),
                Processes = arguments.Find(ServeExecFlags.ProcessLimit),
                MemoryBytes = FindMemoryLimit(arguments),
            },
        };
    }
}
