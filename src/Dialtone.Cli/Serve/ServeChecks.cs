namespace Dialtone.Cli;

/// <summary>What must be right before any server opens anything.</summary>
internal static class ServeChecks
{
    public static IReadOnlyList<(Flag Flag, Action<Arguments> Look)> All { get; } =
    [
        (ServeFlags.Listen, CheckListen),
        (ServeFlags.TlsCertificate, CheckCertificate),
        (HmacFlags.KeyFile, arguments => HmacFlags.Keys(arguments, HmacFlags.KeyFile)),
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
}
