namespace Dialtone.Cli;

/// <summary>The flags of <c>dialtone chat</c>.</summary>
internal static class ChatFlags
{
    public static readonly Flag<string> Name = new("--name", "NAME", "The name others see", Values.Text) { DefaultText = "the user's" };

    public static readonly Flag<string> Room = new("--room", "NAME", "A room to enter; what is typed goes to the first", Values.Text) { Repeats = true, DefaultText = "lobby, if there is one" };

    public static readonly Flag<string> RoomPasswordFile = new("--room-password-file", "FILE", "The password of --room, in a file of mode 0600; at a terminal it is asked for", Values.Text) { IsPath = true };

    public static readonly Flag<bool> Plain = new("--plain", null, "Send each line as a datagram, and show the answers: for the tutorials' servers", Values.Switch);

    public static readonly Flag<System.Text.Encoding> Encoding = new("--encoding", "NAME", "With --plain: the server's, such as gbk", ServeExecFlags.ParseEncoding) { DefaultText = "utf-8" };

    public static readonly Flag<bool> Json = new("--json", null, "Say everything in lines of JSON, and take messages so as well", Values.Switch);

    public static readonly Flag<TimeSpan> Wait = new("--wait", "SECONDS", "After the end of input: stay so long for what others say; with --plain: for answers", Values.SecondsOrZero) { DefaultText = "0; --plain: 10" };
}
