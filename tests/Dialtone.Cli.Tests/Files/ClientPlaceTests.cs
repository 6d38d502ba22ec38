using System.Text;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

public sealed class ClientPlaceTests
{
    [Fact]
    public async Task Places_are_listed_short_long_below_and_as_a_tree()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("a.txt"), "hello");
        ClientShare.Write(share.There("sub/deep/b.txt"), "b");
        File.SetLastWriteTimeUtc(share.There("a.txt"), new DateTime(2020, 2, 29, 12, 30, 45, DateTimeKind.Utc));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(share.There("a.txt"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal("a.txt\nsub\n", await share.DoAsync("ls", share.At("")));
        Assert.Equal("a.txt\n", await share.DoAsync("ls", share.At("a.txt")));
        Assert.StartsWith("-rw-r----- 5 2020-02-29 12:30:45 a.txt\nd", await share.DoAsync("ls", "-l", share.At("")), StringComparison.Ordinal);
        Assert.Equal("/:\na.txt\nsub\n\n/sub:\ndeep\n\n/sub/deep:\nb.txt\n", await share.DoAsync("ls", "-R", share.At("")));
        Assert.Equal("/a.txt", "/" + (await share.DoAsync("ls", share.At("a.txt"))).TrimEnd('\n'));
        Assert.Equal("a.txt\n\n/sub:\ndeep\n", await share.DoAsync("ls", share.At("a.txt"), share.At("sub")));
        Assert.Equal(
            "/\n├── a.txt  5 B\n└── sub\n    └── deep\n        └── b.txt  1 B\n\n2 folders, 2 files, 6 B\n", await share.DoAsync("tree", share.At("")));

        string[] json = (await share.DoAsync("ls", "-R", "--json", share.At(""))).TrimEnd('\n').Split('\n');
        Assert.Equal("""{"path":"/a.txt","type":"file","size":5,"mtime":"2020-02-29T12:30:45.0000000Z","mode":"640"}""", json[0]);
        Assert.Equal(["/a.txt", "/sub", "/sub/deep", "/sub/deep/b.txt"], json.Select(line => Json(line).GetProperty("path").GetString()));
        string stat = await share.DoAsync("stat", share.At("a.txt"));
        Assert.Contains("size      5 (5 B)\n", stat, StringComparison.Ordinal);
        Assert.Contains("mode      640 (-rw-r-----)\n", stat, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_are_made_renamed_copied_and_removed()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        await share.DoAsync("mkdir", "-p", share.At("a/b/c"), share.At("a/b"));
        Assert.Equal(1, (await share.RunAsync("mkdir", share.At("a"))).ExitCode);
        ClientShare.Write(share.There("a/f"), "f");
        ClientShare.Write(share.There("g"), "g");
        await share.DoAsync("mv", share.At("g"), share.At("a/b"));
        Assert.Equal("g", File.ReadAllText(share.There("a/b/g")));
        await share.DoAsync("mv", share.At("a/b/g"), share.At("h"));
        await share.DoAsync("cp", share.At("h"), share.At("i"));
        await share.DoAsync("cp", "-r", share.At("a"), share.At("copy"));
        await share.DoAsync("cp", share.At("a"), share.At("copy"));
        Assert.Equal(("g", "f", "f"), (File.ReadAllText(share.There("i")), File.ReadAllText(share.There("copy/f")), File.ReadAllText(share.There("copy/a/f"))));
        Assert.True(Directory.Exists(share.There("copy/b/c")));

        ToolResult alone = await share.RunAsync("rm", share.At("copy"));
        Assert.Equal((1, ""), (alone.ExitCode, alone.Output));
        Assert.Contains("rm -r", alone.Error, StringComparison.Ordinal);
        await share.DoAsync("rm", "-r", share.At("copy"), share.At("h"), share.At("i"), share.At("a"));
        Assert.Equal("", await share.DoAsync("ls", share.At("")));
        ToolResult elsewhere = await share.RunAsync("mv", share.At("a"), share.AtTls("b"));
        Assert.Equal(2, elsewhere.ExitCode);
        Assert.Contains("different servers", elsewhere.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_says_what_is_used_and_what_it_refuses()
    {
        await using ClientShare share = await ClientShare.StartAsync(quota: new Quota(1000, 3));
        string file = ClientShare.Write(share.Here("a"), new string('x', 600));
        await share.DoAsync("put", file, share.At("a"));
        Assert.Equal("bytes  600 B of 1.0 kB (60 %)\nfiles  1 of 3 (33 %)\n", await share.DoAsync("quota", share.At("")));
        JsonElement json = Json(await share.DoAsync("quota", "--json", share.At("")));
        Assert.Equal((600, 1000), (json.GetProperty("bytes").GetInt32(), json.GetProperty("max_bytes").GetInt32()));
        ToolResult over = await share.RunAsync("put", file, share.At("b"));
        Assert.Equal(1, over.ExitCode);
        Assert.Contains("quota", over.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_password_comes_from_the_environment_or_a_file_and_a_wrong_one_is_told()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        Assert.Equal("", await share.DoAsync("ls", share.At("")));
        string file = share.Home.Write("password", "open sesame\n");
        ToolResult fromFile = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", share.At(""), "--password-file", file);
        Assert.Equal((0, "", ""), (fromFile.ExitCode, fromFile.Output, fromFile.Error));
        share.Home.Write("wrong", "open barley\n");
        ToolResult wrong = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", share.At(""), "--password-file", share.Home["wrong"]);
        Assert.Equal((4, ""), (wrong.ExitCode, wrong.Output));
        Assert.DoesNotContain("barley", wrong.Error, StringComparison.Ordinal);
        ToolResult stranger = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", $"tcp://127.0.0.1:{share.Tcp.Port}/");
        Assert.Equal((4, ""), (stranger.ExitCode, stranger.Output));
        Assert.Contains("USER@HOST", stranger.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_logs_in_without_a_password_named_or_found_at_its_usual_place()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("mine"), "x");
        string stranger = $"tls://127.0.0.1:{share.Tls.Port}/";
        ToolResult named = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", stranger, "--key", share.Home["anna.pem"]);
        Assert.Equal((0, "mine\n"), (named.ExitCode, named.Output));
        File.Copy(share.Home["anna.pem"], Path.Combine(Directory.CreateDirectory(share.Home["dialtone"]).FullName, "key.pem"));
        ToolResult found = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", share.AtTls(""));
        Assert.Equal((0, "mine\n", ""), (found.ExitCode, found.Output, found.Error));
        ToolResult nobody = await ToolProcess.RunWithAsync("", share.WithoutPassword, "ls", share.At(""), "--key", share.Home["anna.pem"]);
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("speaks no TLS", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_reads_where_strangers_may()
    {
        await using ClientShare share = await ClientShare.StartAsync(anonymous: FileRights.List | FileRights.Read);
        ClientShare.Write(share.There("a"), "a");
        string place = $"tcp://127.0.0.1:{share.Tcp.Port}/anna/a";
        ToolResult get = await ToolProcess.RunWithAsync("", share.WithoutPassword, "get", place, "-");
        Assert.Equal((0, "a", ""), (get.ExitCode, get.Output, get.Error));
        ToolResult rm = await ToolProcess.RunWithAsync("", share.WithoutPassword, "rm", place);
        Assert.NotEqual(0, rm.ExitCode);
        Assert.True(File.Exists(share.There("a")));
    }

    [Fact]
    public async Task A_saved_name_remembers_server_user_and_key()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("docs/a"), "a");
        ToolResult save = await share.RunAsync("ls", share.AtTls("docs"), "--save", "work");
        Assert.Equal((0, "a\n"), (save.ExitCode, save.Output));
        File.Delete(share.Home["dialtone/known_hosts"]); // the name holds the key itself
        Assert.Equal("a\n", await share.DoAsync("ls", "work:docs"));
        Assert.False(File.Exists(share.Home["dialtone/known_hosts"]));
        string file = share.Home["dialtone/bookmarks.json"];
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(ClientShare.Password, File.ReadAllText(file), StringComparison.Ordinal);
        Assert.StartsWith($"work  tls://127.0.0.1:{share.Tls.Port}  anna  SHA256:", await share.DoAsync("bookmark", "list"), StringComparison.Ordinal);

        await using ClientShare impostor = await ClientShare.StartAsync();
        File.WriteAllText(file, File.ReadAllText(file).Replace($":{share.Tls.Port}", $":{impostor.Tls.Port}", StringComparison.Ordinal));
        Assert.Equal(4, (await share.RunAsync("ls", "work:docs")).ExitCode);
        await share.DoAsync("bookmark", "remove", "work");
        Assert.Equal("", await share.DoAsync("bookmark", "list"));
        Assert.Equal(1, (await share.RunAsync("bookmark", "remove", "work")).ExitCode);
        File.WriteAllText(file, "{");
        Assert.Equal(5, (await share.RunAsync("ls", "work:docs")).ExitCode);
    }

    [Theory]
    [InlineData("put a b", "'b' names no place on a server")]
    [InlineData("get a b", "'a' names no place on a server")]
    [InlineData("put h:a h:b", "is on a server")]
    [InlineData("sync a b", "Neither")]
    [InlineData("sync h:a h:b", "Both")]
    [InlineData("ls tls://h/a --checksum sha256", "no flag --checksum")]
    [InlineData("ls tls://h/ --save -x", "--save")]
    [InlineData("put a h:b --checksum md5", "crc32c or sha256")]
    [InlineData("put a h:b --jobs 17", "from 1 to 16")]
    [InlineData("put a h:b --limit-rate fast", "not a size")]
    [InlineData("get h:a --dialect ftp", "json, text or sample")]
    public async Task What_cannot_be_understood_is_told_before_anything_is_done(string words, string advice)
    {
        using var home = new Folder();
        ToolResult end = await ToolProcess.RunWithAsync("", home.Home, words.Split(' '));
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
    }

    private static JsonElement Json(string line) => JsonDocument.Parse(Encoding.UTF8.GetBytes(line)).RootElement;
}
