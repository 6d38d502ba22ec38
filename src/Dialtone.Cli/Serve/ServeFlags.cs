namespace Dialtone.Cli;

/// <summary>The flags of servers.</summary>
internal static class ServeFlags
{
    public static readonly Flag<Address> Listen = new("--listen", "ADDRESS", "Where to listen: tcp:, tls:, udp:, unix:, unixgram:, unixseq:, fd:N or systemd:", Values.Address) { Repeats = true };

    public static readonly Flag<Concurrency> Concurrency = new("--concurrency", "POLICY", "sequential, inline, task, thread[:MAX], pool:N[:QUEUE] or process[:MAX]", Values.Concurrency) { DefaultText = "inline" };

    public static readonly Flag<EngineKind> Engine = new("--engine", "ENGINE", "auto, sockets or epoll", Values.Engine) { DefaultText = "auto" };

    public static readonly Flag<int> Backlog = new("--backlog", "N", "Callers that wait in the kernel to be accepted", Values.Number(1)) { DefaultText = "4096" };

    public static readonly Flag<int> MaxConnections = new("--max-connections", "N", "Connections at one time; more are closed at once", Values.Number(1)) { DefaultText = "10000" };

    public static readonly Flag<int> MaxPerAddress = new("--max-per-address", "N", "Connections at one time from one address", Values.Number(1)) { DefaultText = "no limit" };

    public static readonly Flag<TimeSpan> Idle = new("--idle", "SECONDS", "Close after so much silence", Values.Seconds) { DefaultText = "never" };

    public static readonly Flag<TimeSpan> FirstByte = new("--first-byte", "SECONDS", "Close callers that say nothing for so long", Values.Seconds) { DefaultText = "never" };

    public static readonly Flag<TimeSpan> Drain = new("--drain", "SECONDS", "How long conversations may go on after the first Ctrl-C", Values.SecondsOrZero) { DefaultText = "10" };

    public static readonly Flag<string> TlsCertificate = new("--tls-cert", "FILE", "The certificate of tls: addresses, in PEM; read again when it changes", Values.Text) { DefaultText = "made on the first start, and kept", IsPath = true };

    public static readonly Flag<string> TlsKey = new("--tls-key", "FILE", "Its private key, in PEM, mode 0600", Values.Text) { IsPath = true };

    public static readonly Flag<string> ReadyFile = new("--ready-file", "FILE", "Write the addresses here once everything listens; removed at the end", Values.Text) { IsPath = true };

    public static readonly Flag<string> Config = new("--config", "FILE", "Read flags from a JSON file: { \"listen\": \"tls://0.0.0.0:7070\" }; the command line wins", Values.Text) { IsSetting = false };

    public static readonly Flag<bool> Verbose = new("--verbose", null, "Log every connection", Values.Switch) { Letter = 'v' };

    public static readonly Flag<Framed> Framing = new("--framing", "FRAMING", FramingName.Names, FramingName.Parse) { DefaultText = "raw" };
}
