namespace Dialtone.Cli;

/// <summary>Whom to trust, by the words of <c>--trust</c>.</summary>
internal static class TrustName
{
    private const string KnownHosts = "known-hosts";
    private const string SystemRoots = "system-roots";
    private const string Anyone = "anyone-which-is-insecure";

    public static string Check(string text) => text is KnownHosts or SystemRoots or Anyone || CertificateFingerprint.IsFingerprint(text)
        ? text
        : throw new FormatException($"'{text}' is nobody; write {KnownHosts}, {SystemRoots}, a fingerprint SHA256:… or {Anyone}.");

    /// <summary>Refuses what only TLS can do, where a call would go without it and nobody would notice.</summary>
    public static void CheckTls(Arguments arguments, Address address)
    {
        Flag? asked = arguments.Has(CallFlags.Trust) ? CallFlags.Trust : arguments.Has(CallFlags.Key) ? CallFlags.Key : null;
        if (!address.IsTls && asked is not null)
            throw CliException.Usage($"{asked.Name} is about keys that are shown in a TLS handshake, and {address} speaks no TLS.");
    }

    /// <summary>Whether this call will be the first, and its key remembered.</summary>
    public static bool IsNew(Arguments arguments, Address address) => arguments.Get(CallFlags.Trust) is null or KnownHosts
        && Known(arguments).Check(address.Host ?? "localhost", address.Port, "") == KnownHostStatus.Unknown;

    public static CertificateTrust Of(Arguments arguments) => arguments.Get(CallFlags.Trust) switch
    {
        null or KnownHosts => CertificateTrust.PinOnFirstUse(Known(arguments)),
        SystemRoots => CertificateTrust.SystemRoots,
        Anyone => CertificateTrust.NoneWhichIsInsecure,
        { } fingerprint => CertificateTrust.Fingerprint(fingerprint),
    };

    private static KnownHosts Known(Arguments arguments) => new(arguments.Get(CallFlags.KnownHosts) ?? Folders.KnownHosts);
}
