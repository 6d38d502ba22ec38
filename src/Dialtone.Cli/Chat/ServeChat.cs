using Dialtone.Chat;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary><c>dialtone serve chat</c>: holds a chat, with whoever started it, or a script, as the operator.</summary>
internal static class ServeChat
{
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(2);

    /// <summary>What must be right before anybody is let in.</summary>
    public static IReadOnlyList<(Flag Flag, Action<Arguments> Look)> Checks { get; } =
    [
        (ServeChatFlags.Listen, CheckStrangers),
        (ServeFlags.TlsCertificate, ServeChecks.CheckCertificate),
        (ServeChatFlags.Room, arguments => Array.ForEach([.. arguments.All(ServeChatFlags.Room)], room => room.ReadPassword())),
        (ServeChatFlags.Accounts, arguments => OpenAccounts(arguments)),
    ];

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        CheckStrangers(arguments);
        AccountsFile? accounts = OpenAccounts(arguments);
        ChatHubOptions held = ReadHub(arguments, accounts);
        foreach (Address address in Listen(arguments))
            arguments.Add(ServeFlags.Listen, address);
        ServerOptions options = ServeCommand.ReadOptions(arguments);
        await using var hub = new ChatHub(held with { LoggerFactory = options.LoggerFactory });
        await using var server = new Server(options);
        server.HandleChat(hub, new ChatServerOptions
        {
            Plain = !arguments.Has(ServeChatFlags.NoPlain),
            Encoding = arguments.Get(ServeChatFlags.Encoding, System.Text.Encoding.UTF8),
            Accounts = accounts is null ? null : new ScramAccounts(name => Welcome(accounts.Find(name))?.Password, accounts.Secret.Span),
        });
        using var signals = new StopSignals();
        using var reload = new ReloadSignal(accounts, null, null, signals.Stop);
        await server.StartAsync();
        using var memory = new IdleMemory(() => hub.Count, TimeProvider.System);
        bool isJson = arguments.Has(ServeChatFlags.Json);
        using ReadyFile? ready = isJson ? ChatJsonLines.Announce(server.Addresses, arguments.Get(ServeFlags.ReadyFile)) : ServeCommand.Announce(server.Addresses, arguments.Get(ServeFlags.ReadyFile));
        IReadOnlyList<string> invitation = ChatInvitation.Lines(server.Addresses, !arguments.Has(ServeChatFlags.NoPlain), accounts is not null);
        TimeSpan drain = arguments.Get(ServeChatFlags.Drain, DefaultDrain);
        if (ChatScreen.IsPossible && !isJson)
            return await OperatorScreen.RunAsync(hub.Desk, invitation, signals, () => ServeCommand.DrainAsync(server, signals, drain, "conversation"));
        foreach (string line in invitation)
            Terminal.Error.WriteLine(line);
        using var over = new CancellationTokenSource();
        Task pipe = new OperatorPipe(hub.Desk, isJson).RunAsync(over.Token);
        ExitCode code = await ServeCommand.DrainAsync(server, signals, drain, "conversation");
        await over.CancelAsync();
        await pipe;
        return code;
    }

    private static IReadOnlyList<Address> Listen(Arguments arguments)
    {
        IReadOnlyList<Address> usual = [Address.Udp("127.0.0.1", ChatServer.DefaultPort), Address.Parse($"tls://127.0.0.1:{ChatServer.DefaultPort}")];
        return [.. arguments.All(ServeChatFlags.Listen) is { Count: > 0 } named ? named : usual, .. arguments.All(ServeChatFlags.Also)];
    }

    private static AccountsFile? OpenAccounts(Arguments arguments) => arguments.Get(ServeChatFlags.Accounts) is { } path ? AccountsFile.Open(path) : null;

    private static ChatHubOptions ReadHub(Arguments arguments, AccountsFile? accounts)
    {
        var defaults = new ChatHubOptions();
        ChatLimits limits = defaults.Limits;
        int rate = arguments.Get(ServeChatFlags.Rate, limits.MessagesPerSecond);
        return defaults with
        {
            Rooms = arguments.All(ServeChatFlags.Room) is { Count: > 0 } rooms ? [.. rooms.Select(ReadRoom)] : defaults.Rooms,
            HistoryFile = arguments.Get(ServeChatFlags.History),
            AuditFile = arguments.Get(ServeChatFlags.Audit),
            IsAccount = accounts is null ? null : name => accounts.Find(name) is not null,
            Limits = limits with
            {
                MessagesPerSecond = rate,
                Burst = 2 * rate,
                MaxTextBytes = arguments.Get(ServeChatFlags.MaxText, limits.MaxTextBytes),
                MaxAnswerBytes = arguments.Get(ServeChatFlags.MaxAnswer, limits.MaxAnswerBytes),
                MaxUnanswered = arguments.Get(ServeChatFlags.MaxUnanswered, limits.MaxUnanswered),
            },
        };
    }

    private static ChatRoomOptions ReadRoom(RoomFlag room) =>
        new(room.Name) { Password = room.ReadPassword() is { } password ? ScramVerifier.Create(password) : null };

    /// <summary>Refuses to start what would let in whoever comes by, unless that is said in words.</summary>
    private static void CheckStrangers(Arguments arguments)
    {
        if (arguments.Has(ServeChatFlags.AllowAnyone))
            return;
        bool isOpen = !arguments.Has(ServeChatFlags.Accounts) && (!arguments.Has(ServeChatFlags.Room) || arguments.All(ServeChatFlags.Room).Any(room => room.PasswordFile is null));
        foreach (Address address in Listen(arguments).Where(address => !address.IsLocal || address.Scheme == AddressScheme.Descriptor))
        {
            string? what = address.IsDatagram ? (arguments.Has(ServeChatFlags.NoPlain) ? null : "send you messages")
                : !address.IsTls ? "come in by lines of text, and speak"
                : isOpen ? "join the open rooms" : null;
            if (what is not null)
            {
                throw CliException.Usage(
                    $"At {address} anybody who reaches this machine could {what}.",
                    "If that is meant, add --allow-anyone; otherwise listen on 127.0.0.1, or ask for proof: tls:// with --accounts FILE and udp:// with --no-plain.");
            }
        }
    }

    private static Account? Welcome(Account? account) => account is null || account.HasExpired(TimeProvider.System.GetUtcNow()) ? null : account;
}
