namespace Dialtone.Cli;

/// <summary>The servers of the tool.</summary>
internal static class ServeVerbs
{
    private static readonly FlagGroup[] Flags =
    [
        new("Listening", ServeFlags.Listen, ServeFlags.Config, ServeFlags.Backlog, ServeFlags.ReadyFile),
        new("Conversations", ServeFlags.Framing, ServeFlags.Concurrency, ServeFlags.Engine, ServeFlags.Drain, ServeFlags.Verbose),
        new("Limits", ServeFlags.MaxConnections, ServeFlags.MaxPerAddress, ServeFlags.Idle, ServeFlags.FirstByte),
        new("Who is let in", HmacFlags.KeyFile, HmacFlags.Digest, ServeFlags.TlsCertificate, ServeFlags.TlsKey),
    ];

    public static Verb Upper { get; } = new("serve upper", "Answer with what was sent, in upper case", arguments => ServeCommand.RunAsync(arguments, new UpperService(arguments.Get(ServeFlags.Framing)?.Codec)))
    {
        Flags = Flags,
        Checks = ServeChecks.All,
        Examples = ["dialtone serve upper --listen tcp://127.0.0.1:9000 udp://127.0.0.1:9000"],
    };

    public static Verb Echo { get; } = new("serve echo", "Answer with what was sent", arguments => ServeCommand.RunAsync(arguments, new EchoService(arguments.Get(ServeFlags.Framing)?.Codec)))
    {
        Flags = Flags,
        Checks = ServeChecks.All,
        Examples = ["dialtone serve echo --listen tcp://127.0.0.1:9000 --framing line"],
    };
}
