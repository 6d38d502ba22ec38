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

    public static CertificateTrust Of(Arguments arguments) => arguments.Get(CallFlags.Trust) switch
    {
        null or KnownHosts => CertificateTrust.PinOnFirstUse(new KnownHosts(arguments.Get(CallFlags.KnownHosts) ?? Folders.KnownHosts)),
        SystemRoots => CertificateTrust.SystemRoots,
        Anyone => CertificateTrust.NoneWhichIsInsecure,
        { } fingerprint => CertificateTrust.Fingerprint(fingerprint),
    };
}
