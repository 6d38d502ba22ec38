namespace Dialtone.Cli;

/// <summary>The rows of chat.</summary>
internal static class ChatVerbs
{
    public static Verb Serve { get; } = new("serve chat", "Hold a chat, and answer as its operator", ServeChat.RunAsync)
    {
        Checks = ServeChat.Checks,
        Flags =
        [
            new("Chat", ServeChatFlags.Room, ServeChatFlags.History, ServeChatFlags.Json, ServeChatFlags.Encoding, ServeChatFlags.MaxAnswer),
            new("Listening", ServeChatFlags.Listen, ServeChatFlags.Also, ServeFlags.Config, ServeFlags.Backlog, ServeFlags.ReadyFile, ServeFlags.Engine, ServeChatFlags.Drain, ServeFlags.Verbose),
            new("Who is let in", ServeChatFlags.Accounts, ServeChatFlags.AllowAnyone, ServeChatFlags.NoPlain, ServeFlags.TlsCertificate, ServeFlags.TlsKey, ServeChatFlags.Audit),
            new("Limits", ServeChatFlags.Rate, ServeChatFlags.MaxText, ServeChatFlags.MaxUnanswered, ServeFlags.MaxConnections, ServeFlags.MaxPerAddress),
        ],
        Details =
        [
            "At a terminal: what is said, who is here, and whose messages wait. Plain text answers the message that is chosen (Up, Down, Tab) or the oldest; @NAME TEXT tells somebody something, /help says what else there is. ✓ behind an address: it was proven; ?: anybody could have claimed it.",
            "Piped, a script is the operator: messages to it are lines ADDRESS TEXT or NAME TEXT, and such lines are its answers; what is said in rooms are lines [ROOM] NAME: TEXT, and a line [ROOM] TEXT speaks there. The end of the input stops nothing.",
        ],
        Examples =
        [
            "dialtone serve chat",
            "dialtone serve chat --also tcp://127.0.0.1:7073 --room lobby staff:secret.txt",
            "dialtone serve chat --listen udp://0.0.0.0:7072 --allow-anyone --json",
        ],
    };

    public static Verb Chat { get; } = new("chat", "Talk in a chat", ChatCommand.RunAsync)
    {
        Operands = ["ADDRESS"],
        Flags =
        [
            new("Conversation", ChatFlags.Name, ChatFlags.Room, ChatFlags.RoomPasswordFile, ChatFlags.Json, ChatFlags.Wait),
            new("Plain servers", ChatFlags.Plain, ChatFlags.Encoding),
            new("Trust and log-in", PasswordInput.PasswordFile, CallFlags.Key, CallFlags.Trust, CallFlags.KnownHosts, CallFlags.Timeout),
        ],
        Details =
        [
            "ADDRESS is [USER@]HOST[:PORT], over TLS and on port 7072 unless said otherwise; with --plain a datagram server's. Text goes to the room, or where there is none to the operator; /msg NAME TEXT tells somebody alone, /help says what else there is.",
            "Marks on your own: · sent, ✓ delivered, ✗ not, and why. With --plain ✓ means answered, since nothing else says that a datagram arrived.",
            "Piped, each line is a message, and it ends when the input has ended and each was delivered, with 0, or failed, with 1.",
        ],
        Examples =
        [
            "dialtone chat example.org",
            "dialtone chat ann@example.org --room staff --room-password-file secret.txt",
            "echo 'build 7 is done' | dialtone chat example.org --name builder",
            "dialtone chat --plain udp://127.0.0.1:8080",
        ],
    };
}
