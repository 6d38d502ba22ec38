using System.Runtime.Versioning;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class UsersTests
{
    private const string Key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_user_is_added_with_all_that_was_said_and_the_password_is_shown_nowhere()
    {
        using var folder = new Folder();
        ToolResult added = await UserAsync(folder, "open sesame", "add", "alex", "--home", "/people/alex", "--quota", "10G", "--quota-files", "1000",
            "--rights", "read,list", "/in=write,list", "--key", Key, "--expires", "2030-12-31");
        Assert.Equal((0, ""), (added.ExitCode, added.Output));

        Account alex = Assert.Single(Accounts(folder).All);
        Assert.Equal(("alex", "/people/alex"), (alex.Name, alex.Home.ToString()));
        Assert.Equal(new Quota(10L << 30, 1000), alex.Quota);
        Assert.Equal(FileRights.Browse, alex.RightsAt(VirtualPath.Parse("/a")));
        Assert.Equal(FileRights.Write | FileRights.List, alex.RightsAt(VirtualPath.Parse("/in/a")));
        Assert.Equal([Key], alex.Keys);
        Assert.Equal(new DateTimeOffset(2030, 12, 31, 0, 0, 0, TimeSpan.Zero), alex.Expires);
        Assert.True(alex.Password!.Verify("open sesame"));

        string path = folder["dialtone/accounts.json"];
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        ToolResult listed = await UserAsync(folder, "", "list");
        string everything = added.Error + listed.Output + listed.Error + await File.ReadAllTextAsync(path);
        Assert.DoesNotContain("sesame", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_more_words_has_a_home_of_the_same_name_and_may_do_everything_there()
    {
        using var folder = new Folder();
        Assert.Equal(0, (await UserAsync(folder, "one", "add", "alex")).ExitCode);
        Account alex = Assert.Single(Accounts(folder).All);
        Assert.Equal(("/alex", null, null, FileRights.All), (alex.Home.ToString(), alex.Quota, alex.Expires, alex.RightsAt(VirtualPath.Root)));
    }

    [Fact]
    public async Task A_user_with_a_key_and_no_password_logs_in_with_the_key_alone()
    {
        using var folder = new Folder();
        ToolResult added = await UserAsync(folder, "", "add", "backup", "--key", Key);
        Assert.Equal(0, added.ExitCode);
        Assert.Null(Accounts(folder).Find("backup")!.Password);
    }

    [Fact]
    public async Task The_list_is_a_table_for_people_and_json_for_programs()
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex", "--quota", "1.5G", "--expires", "2030-12-31");
        await UserAsync(folder, "", "add", "backup", "--key", Key, "--rights", "write", "/old=none", "--quota-files", "7");
        ToolResult table = await UserAsync(folder, "", "list");
        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        string[] lines = table.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^USER +HOME +QUOTA +LOGS IN WITH +EXPIRES +RIGHTS$", lines[0]);
        Assert.Matches(@"^alex +/alex +1536M +a password +2030-12-31 +all$", lines[1]);
        Assert.Matches(@"^backup +/backup +7 files +a key +never +write /old=none$", lines[2]);

        using JsonDocument json = JsonDocument.Parse((await UserAsync(folder, "", "list", "--json")).Output);
        JsonElement alex = json.RootElement[0];
        Assert.Equal(("alex", 1536L << 20, true), (alex.GetProperty("name").GetString(), alex.GetProperty("quota").GetInt64(), alex.GetProperty("password").GetBoolean()));
        Assert.Equal("none", json.RootElement[1].GetProperty("rights").GetProperty("/old").GetString());
    }

    [Fact]
    public async Task What_is_set_changes_and_what_is_not_named_stays()
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex", "--quota", "1G", "--quota-files", "9", "--key", Key);
        Assert.Equal(0, (await UserAsync(folder, "", "set", "alex", "--quota", "2G", "--rights", "read")).ExitCode);
        Account alex = Accounts(folder).Find("alex")!;
        Assert.Equal((new Quota(2L << 30, 9), FileRights.Read), (alex.Quota, alex.RightsAt(VirtualPath.Root)));
        Assert.True(alex.Password!.Verify("one"));

        Assert.Equal(0, (await UserAsync(folder, "", "set", "alex", "--quota", "none", "--quota-files", "none", "--key", "none", "--expires", "never")).ExitCode);
        alex = Accounts(folder).Find("alex")!;
        Assert.Equal((null, 0, null, FileRights.Read), (alex.Quota, alex.Keys.Count, alex.Expires, alex.RightsAt(VirtualPath.Root)));
    }

    [Fact]
    public async Task A_password_may_come_from_a_file_that_nobody_else_reads()
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex");
        string file = folder.Write("word", "two words\n");
        Assert.Equal(0, (await UserAsync(folder, "", "passwd", "alex", "--password-file", file)).ExitCode);
        Assert.True(Accounts(folder).Find("alex")!.Password!.Verify("two words"));

        File.SetUnixFileMode(file, OwnerOnly | UnixFileMode.GroupRead);
        ToolResult open = await UserAsync(folder, "", "passwd", "alex", "--password-file", file);
        Assert.Equal(5, open.ExitCode);
        Assert.Contains($"chmod 600 {file}", open.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_are_removed_together_or_not_at_all()
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex");
        await UserAsync(folder, "one", "add", "bob");
        ToolResult wrong = await UserAsync(folder, "", "remove", "alex", "carol");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("carol", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(2, Accounts(folder).All.Count);
        Assert.Equal(0, (await UserAsync(folder, "", "remove", "alex", "bob")).ExitCode);
        Assert.Empty(Accounts(folder).All);
    }

    [Theory] // A04
    [InlineData(2, "name", "add", "..")]
    [InlineData(2, "name", "add", ".")]
    [InlineData(2, "name", "add", "a/../b")]
    [InlineData(2, "name", "add", "%username%")]
    [InlineData(2, "name", "add", "")]
    [InlineData(2, "name", "add", "a\u001b[31m")]
    [InlineData(2, "--home: ", "add", "bob", "--home", "/a/../b")]
    [InlineData(2, "--home: ", "add", "bob", "--home", "bob")]
    [InlineData(2, "--home: ", "add", "bob", "--home", "/%username%")]
    [InlineData(2, "--home: ", "add", "bob", "--home", "/.dialtone")]
    [InlineData(2, "user set alex", "add", "alex")]
    [InlineData(2, "powers of 1024", "add", "bob", "--quota", "lots")]
    [InlineData(2, "write none for no limit", "add", "bob", "--quota", "0")]
    [InlineData(2, "fingerprint", "add", "bob", "--key", "12:34")]
    [InlineData(2, "2030-12-31", "add", "bob", "--expires", "tomorrow")]
    [InlineData(2, "overwrite", "add", "bob", "--rights", "fly")]
    [InlineData(2, "/in=read", "add", "bob", "--rights", "/in")]
    [InlineData(2, "twice", "add", "bob", "--rights", "read", "list")]
    [InlineData(2, "no user bob", "set", "bob", "--quota", "1G")]
    [InlineData(2, "nothing to change", "set", "alex")]
    [InlineData(2, "no user bob", "passwd", "bob")]
    [InlineData(2, "no user bob", "remove", "bob")]
    [InlineData(2, "NAME", "add")]
    public async Task What_cannot_be_done_is_refused_with_what_to_write_and_nothing_changes(int code, string advice, params string[] words)
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex");
        byte[] before = await File.ReadAllBytesAsync(folder["dialtone/accounts.json"]);
        ToolResult end = await UserAsync(folder, "two", words);
        Assert.Equal((code, ""), (end.ExitCode, end.Output));
        Assert.StartsWith("dialtone: ", end.Error, StringComparison.Ordinal);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', end.Error);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder["dialtone/accounts.json"]));
    }

    [Fact]
    public async Task A_name_of_300_bytes_is_refused()
    {
        using var folder = new Folder();
        ToolResult end = await UserAsync(folder, "one", "add", new string('a', 300));
        Assert.Equal(2, end.ExitCode);
        Assert.Contains("128 bytes", end.Error, StringComparison.Ordinal);
    }

    [Theory] // J18
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("{\"version\":1,\"secret\":")]
    [InlineData("{\"version\":99,\"secret\":\"\",\"accounts\":[]}")]
    public async Task A_damaged_accounts_file_is_refused_by_name_and_left_as_it_is(string content)
    {
        using var folder = new Folder();
        string path = folder.Write("accounts.json", content);
        foreach (string[] words in (string[][])[["list"], ["add", "bob"], ["remove", "alex"]])
        {
            ToolResult end = await UserAsync(folder, "one", [.. words, "--accounts", path]);
            Assert.Equal((5, ""), (end.ExitCode, end.Output));
            Assert.Contains(path, end.Error, StringComparison.Ordinal);
        }

        Assert.Equal(content, await File.ReadAllTextAsync(path));
    }

    [Fact] // L15
    public async Task An_accounts_file_that_others_may_read_is_refused_with_the_cure()
    {
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex");
        string path = folder["dialtone/accounts.json"];
        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.OtherRead);
        ToolResult end = await UserAsync(folder, "", "list");
        Assert.Equal((5, ""), (end.ExitCode, end.Output));
        Assert.Contains($"chmod 600 {path}", end.Error, StringComparison.Ordinal);
    }

    [Fact] // L15
    public async Task Accounts_of_another_user_of_the_machine_are_refused()
    {
        Assert.SkipUnless(System.Environment.UserName == "root", "Only root gives files away.");
        using var folder = new Folder();
        await UserAsync(folder, "one", "add", "alex");
        string path = folder["dialtone/accounts.json"];
        using (var chown = System.Diagnostics.Process.Start("chown", ["1", path]))
            await chown.WaitForExitAsync();
        foreach (string[] words in (string[][])[["user", "list"], ["user", "add", "bob"], ["user", "passwd", "alex"], ["serve", "--listen", "tcp://127.0.0.1:0"]])
        {
            ToolResult end = await ToolProcess.RunWithAsync("", Environment(folder, "two"), words);
            Assert.Equal((5, ""), (end.ExitCode, end.Output));
            Assert.Contains("sudo -u '#1' dialtone", end.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_who_add_at_once_lose_nothing()
    {
        using var folder = new Folder();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => UserAsync(folder, "", "add", $"user{i}", "--key", $"SHA256:{i}{Key[8..]}")));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"user{i}"), Accounts(folder).All.Select(account => account.Name).Order());
    }

    [Fact] // J17
    public async Task A_kill_at_any_moment_leaves_the_old_accounts_or_the_new()
    {
        using var folder = new Folder();
        await UserAsync(folder, "word 0", "add", "alex");
        string current = "word 0";
        var random = new Random(17);
        for (int i = 1; i <= 6; i++)
        {
            string next = $"word {i}";
            ToolProcess tool = ToolProcess.StartWith(Environment(folder, next), "user", "passwd", "alex");
            await Task.WhenAny(tool.EndAsync(), Task.Delay(random.Next(50, 700)));
            await tool.DisposeAsync(); // SIGKILL
            ScramVerifier kept = Assert.Single(Accounts(folder).All).Password!;
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder["dialtone/accounts.json"]));
            if (!kept.Verify(current))
                Assert.True(kept.Verify(next));
            current = kept.Verify(next) ? next : current;
        }

        Assert.Equal(0, (await UserAsync(folder, "the last", "passwd", "alex")).ExitCode);
        Assert.True(Accounts(folder).Find("alex")!.Password!.Verify("the last"));
    }

    internal static Dictionary<string, string> Environment(Folder folder, string password)
    {
        Dictionary<string, string> environment = folder.Home;
        if (password.Length > 0)
            environment["DIALTONE_PASSWORD"] = password;
        return environment;
    }

    internal static AccountsFile Accounts(Folder folder) => AccountsFile.Open(folder["dialtone/accounts.json"]);

    internal static Task<ToolResult> UserAsync(Folder folder, string password, params string[] words) =>
        ToolProcess.RunWithAsync("", Environment(folder, password), ["user", .. words]);
}
