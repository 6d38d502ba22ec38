namespace Dialtone.Cli;

/// <summary>What must be right before any server opens anything.</summary>
internal static class ServeChecks
{
    public static IReadOnlyList<(Flag Flag, Action<Arguments> Look)> All { get; } =
    [
        (ServeFlags.Listen, CheckListen),
        (ServeFlags.TlsCertificate, CheckCertificate),
        (HmacFlags.KeyFile, arguments => CheckDatagrams(arguments, HmacFlags.Keys(arguments, HmacFlags.KeyFile))),
    ];

    public static void CheckCertificate(Arguments arguments)
    {
        if (ServeCommand.NamedCertificate(arguments) is var (certificate, key))
            new CertificateFiles(certificate, key, IsOwn: false).Load();
    }

    private static void CheckListen(Arguments arguments)
    {
        if (arguments.All(ServeFlags.Listen).Count == 0)
            throw CliException.Usage("There is nothing to listen on.", $"dialtone {arguments.Verb.Name} --listen tcp://127.0.0.1:9000");
    }

    /// <summary>Refuses listeners that would answer whoever comes by, where callers are asked for a key.</summary>
    public static void CheckDatagrams(Arguments arguments, IReadOnlyList<HmacKey> keys)
    {
        if (keys.Count > 0 && arguments.All(ServeFlags.Listen).FirstOrDefault(address => address.IsDatagram) is { } open)
            throw CliException.Usage($"{open}: a datagram carries no proof of who sent it, and would be answered without the key.", "Serve datagrams apart, without a key.");
    }
}
