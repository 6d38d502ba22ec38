namespace Dialtone.Cli.Tests;

public sealed class KeyTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_new_key_is_private_shows_its_fingerprint_and_is_never_replaced()
    {
        using var folder = new Folder();
        ToolResult made = await ToolProcess.RunWithAsync("", folder.Home, "key", "new", "--name", "alex, laptop");
        Assert.Equal(0, made.ExitCode);
        Assert.Matches("^SHA256:[A-Za-z0-9+/]{43}\n$", made.Output);
        string path = folder["dialtone/key.pem"];
        if (!OperatingSystem.IsWindows())
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));

        ToolResult shown = await ToolProcess.RunWithAsync("", folder.Home, "key", "show");
        Assert.Equal((0, $"{made.Output.TrimEnd('\n')} alex, laptop\n"), (shown.ExitCode, shown.Output));

        string before = await File.ReadAllTextAsync(path);
        ToolResult again = await ToolProcess.RunWithAsync("", folder.Home, "key", "new");
        Assert.Equal((5, ""), (again.ExitCode, again.Output));
        Assert.Contains("never replaced", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task A_key_may_be_kept_elsewhere()
    {
        using var folder = new Folder();
        ToolResult made = await ToolProcess.RunAsync("key", "new", "--out", folder["mine.pem"]);
        ToolResult shown = await ToolProcess.RunAsync("key", "show", folder["mine.pem"]);
        Assert.StartsWith(made.Output.TrimEnd('\n') + " ", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_missing_is_told_by_its_path()
    {
        using var folder = new Folder();
        ToolResult shown = await ToolProcess.RunAsync("key", "show", folder["none.pem"]);
        Assert.Equal((5, ""), (shown.ExitCode, shown.Output));
        Assert.Contains(folder["none.pem"], shown.Error, StringComparison.Ordinal);
    }
}
