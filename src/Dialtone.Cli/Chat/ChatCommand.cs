using Dialtone.Chat;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Dialtone.Cli;

/// <summary><c>dialtone chat</c>: talks in a chat, at a terminal or through pipes.</summary>
internal static class ChatCommand
{
    private const string UsualRoom = "lobby";
    private const int UsualHistory = 20;
    private const int MostNames = 9;
    private static readonly TimeSpan PlainWait = TimeSpan.FromSeconds(10);

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        bool isPlain = arguments.Has(ChatFlags.Plain);
        var target = ChatTarget.Read(arguments.Operands[0], isPlain);
        Flag[] native = [ChatFlags.Name, ChatFlags.Room, ChatFlags.RoomPasswordFile, PasswordInput.PasswordFile, CallFlags.Trust];
        if (isPlain && native.FirstOrDefault(arguments.Has) is { } flag)
            throw CliException.Usage($"{flag.Name} needs the native protocol; plain text knows nothing of it.");
        if (!isPlain && arguments.Has(ChatFlags.Encoding))
            throw CliException.Usage("--encoding is for --plain; the native protocol speaks UTF-8.");
        await using IChatTalk talk = isPlain
            ? new PlainTalk(await DatagramClient.ConnectAsync(target.Address), arguments.Get(ChatFlags.Encoding, Encoding.UTF8))
            : new NativeTalk(await JoinAsync(arguments, target));
        bool isAtTerminal = ChatScreen.IsPossible && !arguments.Has(ChatFlags.Json);
        Task EnterAsync(ClientCommands commands, IClientPlace place) => talk.Native is { } client ? EnterRoomAsync(arguments, client, talk, commands, place, isAtTerminal) : Task.CompletedTask;
        if (!isAtTerminal)
            return await ClientPipe.RunAsync(talk, arguments.Has(ChatFlags.Json), arguments.Get(ChatFlags.Wait, isPlain ? PlainWait : TimeSpan.Zero), EnterAsync);
        ExitCode code = await ClientScreen.RunAsync(talk, $"{target.Address.Host}", EnterAsync);
        if (code == ExitCode.Failed && talk.Native is { End: not ChatError.None } gone)
            throw new CliException(code, $"The conversation is over: {ChatWords.Of(gone.End)}.");
        return code;
    }

    /// <summary>Joins under the name asked for; where none was and somebody has the usual one, under one like it.</summary>
    private static async Task<ChatClient> JoinAsync(Arguments arguments, ChatTarget target)
    {
        string? password = PasswordInput.Given(arguments);
        if (target.User is null && arguments.Has(PasswordInput.PasswordFile))
            throw CliException.Usage("A password needs a user: write USER@HOST.");
        if (target.User is { } user)
            password ??= PasswordInput.Ask($"Password of {Printable.Of(user)} at {target.Address}: ");
        bool isNew = TrustName.IsNew(arguments, target.Address);
        using X509Certificate2? key = arguments.Get(CallFlags.Key) is { } path ? ClientKey.Load(path) : null;
        string name = arguments.Get(ChatFlags.Name) ?? target.User ?? Environment.UserName;
        var options = new ChatClientOptions
        {
            Name = name,
            Rooms = [.. arguments.All(ChatFlags.Room).Select(room => new ChatRoomEntry(room, ReadRoomPassword(arguments)))],
            User = target.User,
            Password = target.User is null ? null : password,
            Dial = new DialOptions { Timeout = arguments.Get(CallFlags.Timeout, new DialOptions().Timeout), Tls = new TlsClientOptions { Trust = TrustName.Of(arguments), Key = key } },
        };
        for (int i = 2; ; i++)
        {
            try
            {
                ChatClient client = await ChatClient.JoinAsync(target.Address, options);
                if (isNew)
                    Terminal.Error.WriteLine($"dialtone: {target.Address} is called for the first time; its key {client.Tls?.PeerFingerprint} is remembered.");
                return client;
            }
            catch (ChatException e) when (e.Reason == ChatError.NameTaken && !arguments.Has(ChatFlags.Name) && i <= MostNames)
            {
                options = options with { Name = $"{name}{i}" };
            }
            catch (ChatException e) when (e.Reason == ChatError.WrongPassword && options.Rooms is [var room] && room.Password is null
                && Keyboard.AskHidden($"Password of {Printable.Of(room.Name)}: ") is { Length: > 0 } asked)
            {
                options = options with { Rooms = [room with { Password = asked }] };
            }
        }
    }

    private static string? ReadRoomPassword(Arguments arguments) => arguments.Get(ChatFlags.RoomPasswordFile) is { } file ? PasswordInput.Read(file) : null;

    /// <summary>The first room is where text goes; without any, the usual one if it is there and open.</summary>
    private static async Task EnterRoomAsync(Arguments arguments, ChatClient client, IChatTalk talk, ClientCommands commands, IClientPlace place, bool showsHistory)
    {
        if (client.Rooms is [var first, ..])
        {
            talk.Room = first;
            place.Enter(first, await client.WhoAsync(first));
        }
        else if (await client.EnterAsync(UsualRoom) == ChatError.None)
        {
            talk.Room = UsualRoom;
            place.Enter(UsualRoom, await client.WhoAsync(UsualRoom));
        }

        if (!showsHistory)
            return;
        place.Tell($"You are {client.Name}{(talk.Room is { } room ? $", in {room}" : ", and speak to the operator")}. /help lists what you can do.");
        if (talk.Room is { } where)
            place.Show(await client.HistoryAsync(where, limit: UsualHistory));
    }
}
