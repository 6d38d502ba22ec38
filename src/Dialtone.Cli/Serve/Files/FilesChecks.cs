using System.Diagnostics.CodeAnalysis;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>What must be right before files are served.</summary>
internal static class FilesChecks
{
    public static IReadOnlyList<(Flag Flag, Action<Arguments> Look)> All { get; } =
    [
        (FilesFlags.Listen, CheckListen),
        (FilesFlags.Anonymous, CheckAnonymous),
        (ServeFlags.TlsCertificate, arguments => FilesSettings.Certificate(arguments)?.Load()),
        (HmacFlags.KeyFile, arguments => HmacFlags.Keys(arguments, HmacFlags.KeyFile)),
        (FilesFlags.Root, CheckRoot),
        (FilesFlags.Accounts, CheckAccounts),
        (FilesFlags.Root, CheckApart),
    ];

    private static void CheckListen(Arguments arguments)
    {
        foreach (Address address in FilesSettings.Listen(arguments))
        {
            if (address.IsDatagram || address.Scheme == AddressScheme.UnixSequenced)
                throw CliException.Usage($"Files are not served over {address}: they need a stream.", "Write tls://, tcp:// or unix://.");
            if (address.Scheme == AddressScheme.Memory)
                throw CliException.Usage($"Nobody can call {address} from outside the server.", "Write tls://, tcp:// or unix://.");
        }
    }

    private static void CheckAnonymous(Arguments arguments)
    {
        if (!arguments.Get(FilesFlags.Anonymous, FileRights.None).HasFlag(FileRights.Create) || arguments.Has(FilesFlags.FromAnywhere))
            return;
        if (HmacFlags.Keys(arguments, HmacFlags.KeyFile).Count == 0 && FilesSettings.Listen(arguments).FirstOrDefault(IsOpen) is { } open)
        {
            throw CliException.Usage(
                $"With --anonymous write on {open}, anybody who reaches this machine could fill its disk.",
                "If that is meant, add --anonymous-from-anywhere; otherwise listen on 127.0.0.1, or make users with 'dialtone user add'.");
        }
    }

    private static void CheckRoot(Arguments arguments)
    {
        if (arguments.Get(FilesFlags.Root) is not { } root)
            return;
        if (!Directory.Exists(root))
        {
            throw File.Exists(root)
                ? new CliException(ExitCode.Files, $"{root} is a file; a folder is shared.")
                : new CliException(ExitCode.Files, $"There is no folder {root} to share.", $"mkdir -p {root}");
        }

        try
        {
            _ = Directory.EnumerateFileSystemEntries(root).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The folder {root} cannot be read: {e.Message}");
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Nothing in it is to be disposed.")]
    private static void CheckAccounts(Arguments arguments)
    {
        string path = FilesSettings.AccountsPath(arguments);
        FileOwner.Check(path);
        if (File.Exists(path))
            _ = AccountsFile.Open(path);
        else if (arguments.Has(FilesFlags.Accounts))
            throw new CliException(ExitCode.Files, $"There is no accounts file {path}.", $"dialtone user add NAME --accounts {path}");
    }

    /// <summary>What users could read or replace must not decide who they are.</summary>
    private static void CheckApart(Arguments arguments)
    {
        string root = Path.GetFullPath(FilesSettings.Root(arguments));
        string[] secrets =
        [
            FilesSettings.AccountsPath(arguments),
            .. arguments.All(HmacFlags.KeyFile),
            .. arguments.All(ServeFlags.TlsKey),
            .. arguments.All(FilesFlags.Audit),
        ];
        foreach (string secret in secrets)
        {
            if (IsInside(Path.GetFullPath(secret), root))
            {
                throw CliException.Usage(
                    $"{secret} lies in the shared folder {root}, where users could read or replace it.",
                    "Keep it elsewhere, or share a folder that does not hold it.");
            }
        }
    }

    private static bool IsInside(string path, string folder) => path.StartsWith(folder.EndsWith('/') ? folder : folder + "/", StringComparison.Ordinal);

    /// <summary>Other machines may reach it; of a socket that was handed over nobody knows before it is used.</summary>
    private static bool IsOpen(Address address) => !address.IsLocal || address.Scheme == AddressScheme.Descriptor;
}
