using System.Text;

namespace Dialtone.Cli;

/// <summary>A password from a file, the environment or the keyboard; never from the command line, where every user of the machine can read it.</summary>
internal static class PasswordInput
{
    public const string Variable = "DIALTONE_PASSWORD";

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static readonly Flag<string> PasswordFile = new("--password-file", "FILE", $"Read the password from this file, mode 0600, instead of asking; also from {Variable}", Values.Text) { IsPath = true };

    /// <summary>The password that stands in the file or in the environment; null if neither was given.</summary>
    /// <exception cref="CliException">The file cannot be read, or is open to others, or holds no password.</exception>
    public static string? Given(Arguments arguments)
    {
        if (arguments.Get(PasswordFile) is { } path)
            return Read(path);
        return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } password ? Checked(password, $"What {Variable} holds is no password") : null;
    }

    /// <summary>The password in a file.</summary>
    /// <exception cref="CliException">The file cannot be read, or is open to others, or holds no password.</exception>
    public static string Read(string path) => Checked(FromFile(path), $"What {path} holds is no password");

    /// <summary>Asks for a password that somebody has.</summary>
    /// <exception cref="CliException">There is no terminal to ask on.</exception>
    public static string Ask(string question) => Keyboard.AskHidden(question) ?? throw CliException.Usage(
        "A password is needed, and there is no terminal to ask for it.", $"Set {Variable}, or add --password-file FILE.");

    /// <summary>Asks for a new password, twice.</summary>
    /// <exception cref="CliException">There is no terminal to ask on, or the two differ.</exception>
    public static string AskNew(string user)
    {
        string password = Checked(Ask($"New password for {user}: "), "That is no password");
        return Ask("The same again: ") == password
            ? password
            : throw CliException.Usage("The two passwords differ. Nothing was changed.");
    }

    private static string Checked(string password, string otherwise) => CredentialRules.IsPassword(password)
        ? password
        : throw CliException.Usage($"{otherwise}: a password is 1 to {CredentialRules.MaxPasswordBytes} bytes of UTF-8 without control characters.");

    /// <summary>The content of the file without its final newline.</summary>
    private static string FromFile(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
                throw new CliException(ExitCode.Files, $"{path} can be read or written by others.", $"chmod 600 {path}");
            var content = new byte[CredentialRules.MaxPasswordBytes + 3];
            int count = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            string text = Encoding.UTF8.GetString(content, 0, count);
            return text.EndsWith('\n') ? text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)] : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The password file {path} cannot be read: {e.Message}");
        }
    }
}
