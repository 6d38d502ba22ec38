using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

public sealed class ClientTransferTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("tls")]
    [InlineData("unix")]
    public async Task A_file_goes_there_and_comes_back_the_same_with_its_time_and_mode(string scheme)
    {
        await using ClientShare share = await ClientShare.StartAsync();
        byte[] content = ClientShare.WriteRandom(share.Here("a.bin"), 100_000, seed: 1);
        File.SetLastWriteTimeUtc(share.Here("a.bin"), new DateTime(2020, 2, 29, 12, 30, 45, DateTimeKind.Utc).AddTicks(1234567));
        SetMode(share.Here("a.bin"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string place = scheme switch { "tcp" => share.At("b.bin"), "tls" => share.AtTls("b.bin"), _ => share.AtSocket("b.bin") };
        ToolResult put = await share.RunAsync("put", share.Here("a.bin"), place);
        Assert.Equal((0, ""), (put.ExitCode, put.Output));
        Assert.Equal(scheme == "tls", put.Error.Contains("called for the first time", StringComparison.Ordinal));
        Assert.Equal(content, File.ReadAllBytes(share.There("b.bin")));
        Assert.Equal("", await share.DoAsync("get", place, share.Here("c.bin")));
        Assert.Equal(content, File.ReadAllBytes(share.Here("c.bin")));
        Assert.Equal(File.GetLastWriteTimeUtc(share.Here("a.bin")), File.GetLastWriteTimeUtc(share.Here("c.bin")));
        Assert.Equal(Mode(share.Here("a.bin")), Mode(share.Here("c.bin")));
    }

    [Fact]
    public async Task A_folder_lands_inside_a_folder_that_exists_and_otherwise_takes_the_name()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.Here("tree/a.txt"), "a");
        ClientShare.Write(share.Here("tree/sub/b.txt"), "b");
        Directory.CreateDirectory(share.Here("tree/empty"));

        await share.DoAsync("put", share.Here("tree"), share.At("copy"));
        Assert.Equal("b", File.ReadAllText(share.There("copy/sub/b.txt")));
        Assert.True(Directory.Exists(share.There("copy/empty")));
        await share.DoAsync("put", "-r", share.Here("tree/"), share.At("copy"));
        Assert.Equal("a", File.ReadAllText(share.There("copy/tree/a.txt")));
        await share.DoAsync("put", share.Here("tree"), share.At(""));
        Assert.Equal("a", File.ReadAllText(share.There("tree/a.txt")));
        await share.DoAsync("put", share.Here("tree/."), share.At("merged"));
        Assert.Equal("a", File.ReadAllText(share.There("merged/a.txt")));

        await share.DoAsync("get", share.At("tree"), share.Here("fetched"));
        Assert.Equal("b", File.ReadAllText(share.Here("fetched/sub/b.txt")));
        Assert.True(Directory.Exists(share.Here("fetched/empty")));
        await share.DoAsync("get", share.At("tree"), share.Here("fetched"));
        Assert.Equal("b", File.ReadAllText(share.Here("fetched/tree/sub/b.txt")));
    }

    [Fact]
    public async Task Several_things_need_a_folder_to_land_in()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string a = ClientShare.Write(share.Here("a"), "a"), b = ClientShare.Write(share.Here("b"), "b");
        ToolResult nowhere = await share.RunAsync("put", a, b, share.At("nowhere"));
        Assert.Equal((1, ""), (nowhere.ExitCode, nowhere.Output));
        Assert.Contains("no folder /nowhere", nowhere.Error, StringComparison.Ordinal);
        await share.DoAsync("mkdir", "-p", share.At("in/side"));
        await share.DoAsync("put", a, b, share.At("in/side"));
        Assert.Equal(["a", "b"], Directory.GetFiles(share.There("in/side")).Select(path => Path.GetFileName(path)).Order());
        ToolResult onFile = await share.RunAsync("put", a, b, share.At("in/side/a"));
        Assert.Equal(1, onFile.ExitCode);
        Assert.Contains("not a folder", onFile.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_fails_is_told_and_all_the_rest_is_done()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string a = ClientShare.Write(share.Here("a"), "a"), b = ClientShare.Write(share.Here("b"), "b");
        await share.DoAsync("mkdir", share.At("in"));
        ToolResult put = await share.RunAsync("put", a, share.Here("none"), b, share.At("in"));
        Assert.Equal((1, ""), (put.ExitCode, put.Output));
        Assert.Contains($"{share.Here("none")}: There is no such file", put.Error, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(share.There("in")).Length);

        Directory.CreateDirectory(share.Here("out"));
        ToolResult get = await share.RunAsync("get", share.At("in/a"), share.At("in/none"), share.At("in/b"), share.Here("out"));
        Assert.Equal((1, ""), (get.ExitCode, get.Output));
        Assert.Contains("/in/none: ", get.Error, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(share.Here("out")).Length);

        ToolResult json = await share.RunAsync("get", "--json", share.At("in/none"), share.At("in/b"), share.Here("out"));
        Assert.Equal((1, ""), (json.ExitCode, json.Error));
        JsonElement[] lines = Lines(json.Output);
        Assert.Equal(["failure", "file", "summary"], lines.Select(line => line.GetProperty("type").GetString()));
        Assert.Equal("not-found", lines[0].GetProperty("error").GetString());
        Assert.Equal((1, 1), (lines[2].GetProperty("files").GetInt32(), lines[2].GetProperty("failures").GetInt32()));
    }

    [Fact]
    public async Task Wildcards_are_expanded_on_the_server_and_quoted_ones_here()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        foreach (string name in (string[])["a.txt", "b.txt", ".c.txt", "d.bin", "sub/e.txt", "lit[1]"])
            ClientShare.Write(share.Here(name), name);
        await share.DoAsync("put", share.Here("*.txt"), share.Here("sub"), share.Here("lit[1]"), share.At(""));
        Assert.Equal(["a.txt", "b.txt", "lit[1]"], Directory.GetFiles(share.There("")).Select(path => Path.GetFileName(path)).Order());

        Directory.CreateDirectory(share.Here("out"));
        await share.DoAsync("get", share.At("*.txt"), share.At("s*/e.t?t"), share.At("lit[1]"), share.Here("out"));
        Assert.Equal(["a.txt", "b.txt", "e.txt", "lit[1]"], Directory.GetFiles(share.Here("out")).Select(path => Path.GetFileName(path)).Order());
        Assert.Equal("a.txt\nb.txt\n", await share.DoAsync("ls", share.At("[ab].*")));
        await share.DoAsync("rm", share.At("*.txt"));
        Assert.Equal("lit[1]\nsub\n", await share.DoAsync("ls", share.At("")));
        ToolResult none = await share.RunAsync("rm", share.At("*.txt"));
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("/*.txt: ", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dash_is_standard_input_and_standard_output()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ToolResult put = await share.FeedAsync("from a pipe\n", "put", "-", share.At("piped"));
        Assert.Equal((0, "", ""), (put.ExitCode, put.Output, put.Error));
        Assert.Equal("from a pipe\n", File.ReadAllText(share.There("piped")));
        Assert.Equal("from a pipe\nfrom a pipe\n", await share.DoAsync("get", share.At("piped"), share.At("piped"), "-"));
        ToolResult nameless = await share.FeedAsync("x", "put", "-", share.At("folder/"));
        Assert.Equal(2, nameless.ExitCode);
        Assert.Contains("needs a name", nameless.Error, StringComparison.Ordinal);
    }

    [Fact] // written at a position of its own, it overwrote what stood in the file and was overwritten in turn
    public async Task Content_joins_what_others_write_to_the_same_output()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        await share.FeedAsync("content\n", "put", "-", share.At("piped"));
        string output = share.Here("output");
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "{ echo before; \"$0\" get \"$1\" -; echo after; } >\"$2\"", ToolProcess.Program, share.At("piped"), output])
        {
            Environment = { ["DIALTONE_PASSWORD"] = ClientShare.Password, ["XDG_CONFIG_HOME"] = share.Home.Path },
        })!;
        await shell.WaitForExitAsync();
        Assert.Equal("before\ncontent\nafter\n", File.ReadAllText(output));
    }

    [Fact]
    public async Task Standard_output_is_appended_to_and_a_reader_that_leaves_ends_the_fetch_quietly()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("a"), "one\n");
        ClientShare.WriteRandom(share.There("big"), 20_000_000, seed: 5);
        string get = $"'{ToolProcess.Program}' get '{share.At("a")}' -";
        Assert.Equal("one\none\n", await ShellAsync(share, $"( {get}; {get} ) > '{share.Here("both")}'; cat '{share.Here("both")}'"));
        Assert.Equal("1 0\n", await ShellAsync(share, $"exec 2>&1; ( '{ToolProcess.Program}' get '{share.At("big")}' -; echo $? > '{share.Here("code")}' ) | head -c 10 > /dev/null; echo $(cat '{share.Here("code")}') 0"));
    }

    [Fact]
    public async Task Odd_names_empty_files_and_files_with_holes_go_both_ways()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string[] names = ["中文 名.txt", "e\u0301-é", "-dash", "a:b", " lead", "*?[x]", "🙂", new string('x', 255), new string('漢', 85), "'\"$HOME`"];
        foreach (string name in names)
            ClientShare.Write(share.Here($"odd/{name}"), name);
        File.WriteAllBytes(share.Here("odd/empty"), []);
        using (FileStream holes = File.Create(share.Here("odd/holes")))
        {
            holes.SetLength(8 << 20);
            holes.Position = 5 << 20;
            holes.Write("middle"u8);
        }

        await share.DoAsync("put", share.Here("odd"), share.At("odd"));
        await share.DoAsync("get", share.At("odd"), share.Here("back"));
        Assert.Equal(names.Append("empty").Append("holes").Order(StringComparer.Ordinal), Directory.GetFiles(share.Here("back")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Equal(name, File.ReadAllText(share.Here($"back/{name}"))));
        Assert.Equal(File.ReadAllBytes(share.Here("odd/holes")), File.ReadAllBytes(share.Here("back/holes")));
        foreach (string name in names.Where(name => !name.Contains('*', StringComparison.Ordinal)))
            await share.DoAsync("get", share.At($"odd/{name}"), share.Here("one"));
        Assert.Equal(names[^1], File.ReadAllText(share.Here("one")));
        Assert.Equal(names.Append("empty").Append("holes").Order(StringComparer.Ordinal), (await share.DoAsync("ls", share.At("odd"))).TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sync_makes_one_folder_what_the_other_is_and_back()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.Here("site/a"), "a");
        ClientShare.Write(share.Here("site/sub/b"), "b");
        await share.DoAsync("sync", share.Here("site"), share.At("public"));
        Assert.Equal("b", File.ReadAllText(share.There("public/sub/b")));

        JsonElement again = Lines(await share.DoAsync("sync", "--json", share.Here("site"), share.At("public")))[^1];
        Assert.Equal((0, 2), (again.GetProperty("files").GetInt32(), again.GetProperty("skipped").GetInt32()));

        ClientShare.Write(share.There("public/extra"), "x");
        ClientShare.Write(share.Here("site/a"), "changed");
        string plan = await share.DoAsync("sync", "--dry-run", "--delete", share.Here("site"), share.At("public"));
        Assert.Equal(["remove extra", "send   a"], plan.TrimEnd('\n').Split('\n').Order());
        Assert.Equal(("a", "x"), (File.ReadAllText(share.There("public/a")), File.ReadAllText(share.There("public/extra"))));
        await share.DoAsync("sync", share.Here("site"), share.At("public"));
        Assert.Equal(("changed", true), (File.ReadAllText(share.There("public/a")), File.Exists(share.There("public/extra"))));
        await share.DoAsync("sync", "--delete", share.Here("site"), share.At("public"));
        Assert.False(File.Exists(share.There("public/extra")));

        ClientShare.Write(share.There("public/new"), "new");
        ClientShare.Write(share.Here("back/stale"), "stale");
        await share.DoAsync("sync", "-n", "--delete", share.At("public"), share.Here("back"));
        Assert.Equal(["stale"], Directory.GetFileSystemEntries(share.Here("back")).Select(path => Path.GetFileName(path)));
        await share.DoAsync("sync", "--delete", share.At("public"), share.Here("back"));
        Assert.Equal(["a", "new", "sub"], Directory.GetFileSystemEntries(share.Here("back")).Select(path => Path.GetFileName(path)).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transfer_that_was_cut_goes_on_where_it_stopped(bool isPut)
    {
        await using ClientShare share = await ClientShare.StartAsync();
        byte[] content = ClientShare.WriteRandom(isPut ? share.Here("big") : share.There("big"), 12_000_000, seed: 2);
        await using (ChaosTcpProxy proxy = ChaosTcpProxy.Start(share.Tcp, new ChaosTcpOptions
        {
            ToServer = new ChaosFlow { CutAfter = isPut ? 7_000_000 : null, Cut = ChaosCut.Reset },
            ToClient = new ChaosFlow { CutAfter = isPut ? null : 7_000_000, Cut = ChaosCut.Reset },
        }))
        {
            string through = $"tcp://anna@127.0.0.1:{proxy.Address.Port}/big";
            ToolResult cut = await share.RunAsync(isPut ? ["put", share.Here("big"), through] : ["get", through, share.Here("got")]);
            Assert.NotEqual(0, cut.ExitCode);
            Assert.False(File.Exists(isPut ? share.There("big") : share.Here("got")));
        }

        string output = await share.DoAsync(isPut ? ["put", "--json", "--resume", share.Here("big"), share.At("big")] : ["get", "--json", "--resume", share.At("big"), share.Here("got")]);
        JsonElement file = Lines(output).Single(line => line.GetProperty("type").GetString() == "file");
        Assert.Equal(content.Length, file.GetProperty("size").GetInt64());
        Assert.InRange(file.GetProperty("moved").GetInt64(), 1, content.Length - 1_000_000);
        Assert.Equal(content, File.ReadAllBytes(isPut ? share.There("big") : share.Here("got")));
    }

    [Fact]
    public async Task Digests_are_shown_where_they_are_asked_for()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string a = ClientShare.Write(share.Here("a"), "hello");
        string sha = Convert.ToHexStringLower(SHA256.HashData("hello"u8));
        Assert.Equal($"{sha}  /a\n", await share.DoAsync("put", "--checksum", "sha256", a, share.At("a")));
        Assert.Equal("9a71bb4c  /a\n", await share.DoAsync("get", "--checksum", "crc32c", share.At("a"), share.Here("b")));
        Assert.Equal($"{sha}  /a\n", await share.DoAsync("sum", share.At("a")));
        Assert.Equal("9a71bb4c  /a\n", await share.DoAsync("sum", "--checksum", "crc32c", share.At("a")));
        Assert.Equal("", await share.DoAsync("get", "--no-verify", share.At("a"), share.Here("c")));
        Assert.Equal(2, (await share.RunAsync("get", "--no-verify", "--checksum", "sha256", share.At("a"), share.Here("c"))).ExitCode);
    }

    [Fact]
    public async Task A_rate_that_is_asked_for_is_kept()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.WriteRandom(share.Here("a"), 600_000, seed: 3);
        long start = TimeProvider.System.GetTimestamp();
        await share.DoAsync("put", "--limit-rate", "400K", share.Here("a"), share.At("a"));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1.0, 30);
    }

    private static async Task<string> ShellAsync(ClientShare share, string command)
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true };
        foreach ((string name, string value) in share.Environment)
            start.Environment[name] = value;
        using var shell = System.Diagnostics.Process.Start(start)!;
        return await shell.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static JsonElement[] Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(Encoding.UTF8.GetBytes(line)).RootElement)];

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}
