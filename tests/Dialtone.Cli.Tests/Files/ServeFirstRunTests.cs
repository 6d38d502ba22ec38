using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

[UnsupportedOSPlatform("windows")]
public sealed partial class ServeFirstRunTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Into_a_pipe_the_first_start_keeps_the_password_in_a_file_and_later_ones_print_none()
    {
        using var folder = new Folder();
        string password, error;
        await using (ToolProcess tool = Start(folder))
        {
            Address address = (await tool.AddressesAsync(1))[0];
            await tool.UntilErrorAsync("  try ");
            error = tool.Error;
            Assert.Contains($"\n  try          dialtone ls {address.ToString().Replace("//", $"//{Account(folder).Name}@", StringComparison.Ordinal)}/\n", error, StringComparison.Ordinal);
            Assert.Matches(@"\n  fingerprint  SHA256:[A-Za-z0-9+/]{43}\n", error);
            string path = PasswordFile().Match(error).Groups["path"].Value;
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
            password = (await File.ReadAllTextAsync(path)).TrimEnd('\n');
            Assert.Matches("^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){3}$", password);
            Assert.DoesNotContain(password, error, StringComparison.Ordinal);
            tool.Signal(ToolProcess.Terminate);
            Assert.Equal((0, ""), ((await tool.EndAsync()) is var end ? end.ExitCode : 0, end.Output));
        }

        Assert.True(Account(folder).Password!.Verify(password));
        Assert.True(Directory.Exists(folder["shared"]));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder["dialtone/accounts.json"]));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder["dialtone/server.key"]));
        await using ToolProcess second = Start(folder);
        await second.AddressesAsync(1);
        await second.UntilErrorAsync("  try ");
        Assert.DoesNotContain("password", second.Error, StringComparison.Ordinal);
        Assert.Contains(Account(folder).Name, second.Error, StringComparison.Ordinal);
        Assert.Equal(Fingerprint().Match(error).Value, Fingerprint().Match(second.Error).Value);
    }

    [Fact]
    public async Task At_a_terminal_the_first_start_shows_the_password_once()
    {
        using var folder = new Folder();
        string first = await AtTerminalAsync(folder);
        string password = Regex.Match(first, @"\r\n  password     (?<word>[a-z0-9-]{19})   \(shown this once\)\r\n").Groups["word"].Value;
        Assert.True(Account(folder).Password!.Verify(password), first);
        Assert.All(first.Split("\r\n").Where(line => !line.Contains('/', StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 80));
        string second = await AtTerminalAsync(folder);
        Assert.DoesNotContain("password", second, StringComparison.Ordinal);
        foreach (string path in Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(password, await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_user_is_made_for_a_share_that_is_open_to_everybody()
    {
        using var folder = new Folder();
        await using ToolProcess tool = ServeFilesTests.Serve(folder, "--listen", "tcp://127.0.0.1:0", "--anonymous", "read");
        await tool.AddressesAsync(1);
        Assert.Equal(["data"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_password_asked_at_a_terminal_is_not_shown_and_must_be_typed_twice_alike()
    {
        using var folder = new Folder();
        string[] words = ["XDG_CONFIG_HOME=" + folder.Path, ToolProcess.Program, "user", "add", "alex"];
        string shown = await SitAsync(words, See("New password for alex: "), Type("open sesame\n"), See("The same again: "), Type("open sesame\n"), See("alex may log in"));
        Assert.EndsWith("exit 0", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", shown, StringComparison.Ordinal);
        Assert.True(Account(folder).Password!.Verify("open sesame"));

        words[^2] = "passwd";
        shown = await SitAsync(words, See("New password for alex: "), Type("one\n"), See("The same again: "), Type("two\n"), See("differ"));
        Assert.EndsWith("exit 2", shown, StringComparison.Ordinal);
        Assert.True(Account(folder).Password!.Verify("open sesame"));
        shown = await SitAsync(words, See("New password for alex: "), Type("\u0003"));
        Assert.Matches("exit (130|-2)$", shown);
    }

    [Fact]
    public async Task A_server_whose_terminal_is_closed_stops()
    {
        using var folder = new Folder();
        string shown = await SitAsync(
            ["-C", folder.Path, "XDG_CONFIG_HOME=" + folder.Path, ToolProcess.Program, "serve", "--listen", "tls://127.0.0.1:0"],
            See("listening tls://127.0.0.1:"), "hang up\n");
        Assert.EndsWith("exit 0", shown, StringComparison.Ordinal);
    }

    private static ToolProcess Start(Folder folder)
    {
        Dictionary<string, string> environment = folder.Home;
        return ToolProcess.StartIn(folder.Path, environment, "serve", "--listen", "tls://127.0.0.1:0");
    }

    private static Account Account(Folder folder) => Assert.Single(UsersTests.Accounts(folder).All);

    /// <summary>All that a terminal shows from the start to Ctrl-C.</summary>
    private static Task<string> AtTerminalAsync(Folder folder) => SitAsync(
        ["-C", folder.Path, "XDG_CONFIG_HOME=" + folder.Path, ToolProcess.Program, "serve", "--listen", "tls://127.0.0.1:0"],
        See("listening tls://127.0.0.1:"), Type("\u0003"));

    private static string Type(string text) => $"type {JsonSerializer.Serialize(text)}\n";

    private static string See(string text) => $"see {JsonSerializer.Serialize(text)}\n";

    private static async Task<string> SitAsync(string[] words, params string[] script)
    {
        PythonResult end = await PythonPeer.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "peers", "terminal.py"), ["--screen", "/usr/bin/env", .. words], string.Concat(script), TimeSpan.FromSeconds(60));
        Assert.Equal("", end.Error);
        return JsonSerializer.Deserialize<string>(end.Output)!;
    }

    [GeneratedRegex(@"\n  password     in (?<path>/\S+)\n")]
    private static partial Regex PasswordFile();

    [GeneratedRegex("SHA256:[A-Za-z0-9+/]{43}")]
    private static partial Regex Fingerprint();
}
