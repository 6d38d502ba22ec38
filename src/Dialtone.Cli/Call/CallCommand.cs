using System.Security.Cryptography.X509Certificates;

namespace Dialtone.Cli;

/// <summary>Calls a server and holds the conversation.</summary>
internal static class CallCommand
{
    private static readonly TimeSpan DefaultSilence = TimeSpan.FromSeconds(2);

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        Address address = ReadAddress(arguments.Operands[0]);
        Framed framing = arguments.Get(CallFlags.Framing) ?? new Framed("raw", null);
        IReadOnlyList<HmacKey> keys = HmacFlags.Keys(arguments, HmacFlags.AnswerKeyFile);
        if (address.IsDatagram && (framing.Codec is not null || arguments.Has(HmacFlags.AnswerKeyFile)))
            throw CliException.Usage("--framing and --hmac-key-file are for connections; a datagram is a message of its own.");

        TrustName.CheckTls(arguments, address);

        using var signals = new StopSignals();
        Task<ExitCode> call = TalkAsync(arguments, address, framing, keys);
        return await Task.WhenAny(call, signals.First) == call ? await call : ExitCode.Interrupted;
    }

    private static async Task<ExitCode> TalkAsync(
        Arguments arguments, Address address, Framed framing, IReadOnlyList<HmacKey> keys)
    {
        await using ICallLine line = address.IsDatagram
            ? new DatagramLine(await DatagramClient.ConnectAsync(address))
            : await OpenAsync(arguments, address, framing, keys);
        if (Terminal.InputIsInteractive)
            Terminal.Say($"dialtone: connected to {address}; Ctrl-D ends the conversation.");

        var screen = new Screen(Terminal.OpenContentOutput(), escapes: Terminal.OutputIsInteractive);
        var conversation = new Conversation(
            line, new LineInput(Terminal.OpenInput()), screen, arguments.Get(CallFlags.Wait, DefaultSilence), arguments.Find(CallFlags.Timeout), TimeProvider.System);
        try
        {
            if (arguments.Has(CallFlags.Stream))
                await conversation.StreamAsync(byLine: line.KeepsMessages || arguments.Has(CallFlags.NoNewline));
            else
                await conversation.TakeTurnsAsync();
            return ExitCode.Done;
        }
        catch (Exception e) when (keys.Count > 0 && !conversation.HasHeard
            && e is CliException { Code: ExitCode.Failed } or TransportException { Reason: TransportError.PeerReset })
        {
            throw new CliException(
                ExitCode.Untrusted, $"{address} closed without a word after the HMAC challenge.", "Is this the server's key, and the server's digest (--hmac)?");
        }
    }

    private static Address ReadAddress(string text) =>
        Address.TryParse(text, out Address? address, out string? problem) ? address : throw CliException.Usage(problem);

    private static async Task<ICallLine> OpenAsync(Arguments arguments, Address address, Framed framing, IReadOnlyList<HmacKey> keys)
    {
        Connection connection = await DialAsync(arguments, address);
        if (keys.Count > 0)
            await HmacChallenge.AnswerAsync(connection, keys[0], HmacFlags.DigestOf(arguments));
        if (framing.Codec is not null)
            return new FramedLine(connection, framing);
        bool addsNewline = !arguments.Has(CallFlags.NoNewline) && !arguments.Has(CallFlags.Stream);
        return new StreamLine(connection, addsNewline ? "\n"u8.ToArray() : default);
    }

    private static async Task<Connection> DialAsync(Arguments arguments, Address address)
    {
        var options = new DialOptions();
        options = options with { Timeout = arguments.Get(CallFlags.Timeout, options.Timeout) };
        if (!address.IsTls)
            return await Dialer.ConnectAsync(address, options);

        CertificateTrust trust = TrustName.Of(arguments);
        using X509Certificate2? key = arguments.Get(CallFlags.Key) is { } path ? ClientKey.Load(path) : null;
        bool isNew = TrustName.IsNew(arguments, address);
        Connection connection = await Dialer.ConnectAsync(address, options with { Tls = new TlsClientOptions { Trust = trust, Key = key } });
        if (isNew)
            Terminal.Say($"dialtone: {address} is called for the first time; its key {connection.Tls?.PeerFingerprint} is remembered.");
        return connection;
    }
}
