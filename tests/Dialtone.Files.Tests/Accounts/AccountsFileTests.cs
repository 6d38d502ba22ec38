using System.Runtime.Versioning;
using System.Text;

namespace Dialtone.Files.Tests;

[SupportedOSPlatform("linux")]
public sealed class AccountsFileTests : IDisposable
{
    private const string Fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private readonly string _folder = Directory.CreateTempSubdirectory("dialtone-accounts").FullName;

    private string Path => System.IO.Path.Combine(_folder, "accounts.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_a_killed_editor_left_goes_with_the_next_edit_and_nothing_else_does()
    {
        AccountsFile file = AccountsFile.Open(Path, create: true);
        string[] others = [.. new[] { "accounts.json.tmp", "accounts.json.old.tmp", "accounts.json.0123456789abcdef.tmp", "other.json.0123456789ab.tmp" }.Select(name => System.IO.Path.Combine(_folder, name))];
        foreach (string name in (string[])[.. others, Path + ".0123456789ab.tmp"])
            File.WriteAllText(name, "");
        file.Add(TestShare.User("alex"));
        Assert.Equal(others.Append(Path).Append(Path + ".lock").Order(StringComparer.Ordinal), Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Fingerprints_and_names_stand_there_as_they_are()
    {
        const string key = "SHA256:+++/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        AccountsFile.Open(Path, create: true).Add(TestShare.User("anna", home: "/größe/漢字") with { Keys = [key] });
        string text = File.ReadAllText(Path);
        Assert.Contains(key, text, StringComparison.Ordinal);
        Assert.Contains("/größe/漢字", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\\', text);
        Account again = Assert.Single(AccountsFile.Open(Path).All);
        Assert.Equal((key, "/größe/漢字"), (again.Keys[0], again.Home.ToString()));
    }

    [Fact]
    public void What_is_written_is_read_back_whole_and_stays_readable_for_people()
    {
        AccountsFile file = AccountsFile.Open(Path, create: true);
        var alex = new Account
        {
            Name = "alex",
            Home = VirtualPath.Parse("/alex"),
            Password = ScramVerifier.Create("secret", ScramVerifier.MinIterations),
            Keys = [Fingerprint],
            Rights = TestShare.Rights("/=list,read; /in=write; /out=none"),
            Quota = new Quota(1000, 10),
            Expires = new DateTimeOffset(2027, 1, 31, 0, 0, 0, TimeSpan.Zero),
        };
        file.Add(alex);

        AccountsFile again = AccountsFile.Open(Path);

        Account read = Assert.Single(again.All);
        Assert.Equal("alex", read.Name);
        Assert.Equal(alex.Password!.Format(), read.Password!.Format());
        Assert.Equal([Fingerprint], read.Keys);
        Assert.Equal(FileRights.Browse, read.RightsAt("/x".At()));
        Assert.Equal(FileRights.Write, read.RightsAt("/in/deep/x".At()));
        Assert.Equal(FileRights.None, read.RightsAt("/out/x".At()));
        Assert.Equal(FileRights.Browse, read.RightsAt("/inn".At()));
        Assert.Equal(alex.Quota, read.Quota);
        Assert.Equal(alex.Expires, read.Expires);
        Assert.Same(read, again.FindByKey(Fingerprint));
        Assert.True(again.Secret.Span.SequenceEqual(file.Secret.Span));
        string text = File.ReadAllText(Path);
        Assert.Contains("\"expires\": \"2027-01-31\"", text, StringComparison.Ordinal);
        Assert.Contains("\"/in\": \"write\"", text, StringComparison.Ordinal);
    }

    [Theory] // L16
    [InlineData(4, """{ "name": "a", "home": "/a", "admin": true }""", "unknown key")]
    [InlineData(4, """{ "name": "a", "home": "/a", "home": "/b" }""", "second time")]
    [InlineData(4, """{ "name": 1, "home": "/a" }""", "a text")]
    [InlineData(4, """{ "name": "a" }""", "a name and a home")]
    [InlineData(4, """{ "name": "a", "home": "/a", "quota": { "bytes": -1 } }""", "0 or more")]
    [InlineData(4, """{ "name": "a", "home": "/a", "quota": { "bytes": 1.5 } }""", "0 or more")]
    [InlineData(4, """{ "name": "a", "home": "/a", "quota": { "bytes": 9223372036854775808 } }""", "0 or more")]
    [InlineData(4, """{ "name": "a", "home": "/a", "quota": { "bytes": "1" } }""", "a number")]
    [InlineData(4, """{ "name": "a", "home": "/a", "quota": {} }""", "bytes, files or both")]
    [InlineData(4, """{ "name": "a", "home": "/a", "rights": { "/": "raed" } }""", "Rights are")]
    [InlineData(4, """{ "name": "a", "home": "/a", "rights": { "/": "" } }""", "Rights are missing")]
    [InlineData(4, """{ "name": "a", "home": "/a", "rights": { "x": "read" } }""", "begins with /")]
    [InlineData(4, """{ "name": "a", "home": "/a", "rights": { "/x/../y": "read" } }""", "'..'")]
    [InlineData(4, """{ "name": "a", "home": "/a", "rights": { "/x": "read", "/x/": "all" } }""", "empty names")]
    [InlineData(4, """{ "name": "a", "home": "/a", "password": "secret" }""", "verifier")]
    [InlineData(4, """{ "name": "a", "home": "/a", "keys": ["SHA256:x"] }""", "fingerprint")]
    [InlineData(4, """{ "name": "a", "home": "/a", "expires": "tomorrow" }""", "a day such as")]
    [InlineData(5, """
        { "name": "a", "home": "/a" },
        { "name": "a", "home": "/b" }
        """, "used above")]
    [InlineData(5, """
        { "name": "a", "home": "/a",
          oops }
        """, "not JSON")]
    public void A_mistake_is_refused_with_its_line(int line, string account, string problem)
    {
        Write($$"""
            { "version": 1,
              "secret": "{{Convert.ToBase64String(new byte[32])}}",
              "accounts": [
            {{account}}
              ]
            }
            """);

        var refused = Assert.Throws<TrustException>(() => AccountsFile.Open(Path));

        Assert.Equal(TrustError.FileMalformed, refused.Reason);
        Assert.Contains($"{Path}:{line}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory] // J18
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\0\0\0\0")]
    [InlineData("""{ "version": 2, "accounts": [], "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" }""")]
    [InlineData("""{ "version": 1, "accounts": [], "secret": "AAAA" }""")]
    [InlineData("""{ "version": 1, "accounts": [] }""")]
    [InlineData("""{ "version": 1, "accounts": [], "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } more""")]
    public void A_damaged_file_is_refused_at_start_and_keeps_the_old_accounts_on_reload(string damaged)
    {
        AccountsFile file = AccountsFile.Open(Path, create: true);
        file.Add(TestShare.User("alex"));
        Write(damaged);

        Assert.Equal(TrustError.FileMalformed, Assert.Throws<TrustException>(() => AccountsFile.Open(Path)).Reason);
        Assert.Throws<TrustException>(file.Reload);
        Assert.Throws<TrustException>(() => file.Add(TestShare.User("bob")));

        Assert.Equal("alex", Assert.Single(file.All).Name);
    }

    [Fact]
    public void Every_cut_of_a_good_file_is_refused()
    {
        AccountsFile.Open(Path, create: true).Add(TestShare.User("alex", bytes: 1000));
        byte[] whole = File.ReadAllBytes(Path);

        for (int length = 0; length < whole.Length - 2; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            Assert.Equal(TrustError.FileMalformed, Assert.Throws<TrustException>(() => AccountsFile.Open(Path)).Reason);
        }
    }

    [Fact] // L15
    public void A_file_that_others_may_read_or_that_is_a_link_is_refused()
    {
        AccountsFile.Open(Path, create: true);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        string link = System.IO.Path.Combine(_folder, "link.json");
        File.CreateSymbolicLink(link, Path);

        Assert.Equal(TrustError.FileTooOpen, Assert.Throws<TrustException>(() => AccountsFile.Open(link)).Reason);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal(TrustError.FileTooOpen, Assert.Throws<TrustException>(() => AccountsFile.Open(Path)).Reason);
        Assert.Equal(TrustError.FileUnusable, Assert.Throws<TrustException>(() => AccountsFile.Open(Path + "x")).Reason);
    }

    [Fact] // L15
    public void A_file_of_another_user_is_refused()
    {
        AccountsFile.Open(Path, create: true);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give a file away.");
        Assert.Equal(0, chown(Path, 12345, 12345));

        Assert.Equal(TrustError.FileTooOpen, Assert.Throws<TrustException>(() => AccountsFile.Open(Path)).Reason);
    }

    [Fact] // J17
    public async Task An_editor_killed_at_any_moment_leaves_the_old_file_or_the_new()
    {
        // What a kill can leave: the temporary file of a write that was never finished, and a lock file nobody holds.
        AccountsFile file = AccountsFile.Open(Path, create: true);
        file.Add(TestShare.User("alex"));
        byte[] before = File.ReadAllBytes(Path);
        for (int length = 0; length < before.Length; length += 7)
        {
            await File.WriteAllBytesAsync($"{Path}.{length:x12}.tmp", before[..length], TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(Path + ".lock", [], TestContext.Current.CancellationToken);
            Assert.Equal("alex", Assert.Single(AccountsFile.Open(Path).All).Name);
        }

        AccountsFile.Open(Path).Add(TestShare.User("bob"));
        Assert.Equal(2, AccountsFile.Open(Path).All.Count);
    }

    [Fact]
    public async Task Edits_side_by_side_lose_nothing_and_readers_see_only_whole_files()
    {
        AccountsFile.Open(Path, create: true);
        using var stop = new CancellationTokenSource();
        Task reader = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                Assert.True(AccountsFile.Open(Path).All.Count <= 40);
        });

        // Each has the file open on its own, as another process would.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(editor => Task.Run(() =>
        {
            AccountsFile own = AccountsFile.Open(Path);
            for (int i = 0; i < 10; i++)
                own.Add(new Account { Name = $"user-{editor}-{i}", Home = VirtualPath.Root });
        })));
        await stop.CancelAsync();
        await reader;

        Assert.Equal(40, AccountsFile.Open(Path).All.Count);
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp"));
    }

    [Fact]
    public void A_reload_takes_changes_and_leaves_untouched_accounts_the_objects_they_are()
    {
        AccountsFile server = AccountsFile.Open(Path, create: true);
        server.Add(TestShare.User("alex"));
        server.Add(TestShare.User("bob"));
        Account alex = server.Find("alex")!, bob = server.Find("bob")!;
        int changes = 0;
        server.Changed += () => changes++;

        AccountsFile tool = AccountsFile.Open(Path);
        Assert.True(tool.Change("bob", one => one with { Quota = new Quota(5) }));
        Assert.True(tool.Remove("alex") && !tool.Remove("alex"));
        tool.Add(TestShare.User("alex"));
        server.Reload();

        Assert.Equal(1, changes);
        Assert.Same(alex, server.Find("alex"));
        Assert.NotSame(bob, server.Find("bob"));
        Assert.Equal(5, server.Find("bob")!.Quota!.Bytes);
        Assert.Throws<ArgumentException>(() => tool.Add(TestShare.User("alex")));
    }

    [Theory] // A04, L10
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a\\b")]
    [InlineData("%username%")]
    [InlineData("${HOME}")]
    [InlineData("a\0b")]
    [InlineData(".dialtone")]
    [InlineData("a／b")]    // full-width, which SASLprep makes plain
    [InlineData("．．")]
    [InlineData("¨a")]       // which begins with a space then
    public void A_name_that_could_become_another_folder_is_no_name(string name)
    {
        Assert.NotNull(AccountRules.CheckName(name));
        Assert.Throws<ArgumentException>(() => new Account { Name = name, Home = VirtualPath.Root });
    }

    [Theory] // A04, L10
    [InlineData("")]
    [InlineData("alex")]
    [InlineData("..")]
    [InlineData("/..")]
    [InlineData("/a/../b")]
    [InlineData("/a/./b")]
    [InlineData("//a")]
    [InlineData("/%username%")]
    [InlineData("/home/{user}")]
    [InlineData("/a\\b")]
    [InlineData("/.dialtone/uploads")]
    public void A_home_that_is_not_plainly_a_folder_is_refused(string home)
    {
        Assert.False(AccountRules.TryParseHome(home, out _, out _));
        Assert.False(AccountRules.TryParseHome("/" + new string('a', 300), out _, out _));
        Assert.True(AccountRules.TryParseHome("/", out VirtualPath? all, out _) && all.IsRoot);
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern int chown(string path, uint user, uint group);

    private void Write(string text)
    {
        File.WriteAllBytes(Path, Encoding.UTF8.GetBytes(text));
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
