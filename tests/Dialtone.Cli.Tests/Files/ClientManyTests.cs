using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>Many files at a time: nothing waits between them, several connections share them, and Ctrl-C leaves whole ones.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ClientManyTests
{
    /// <summary>Of a line so slow that waiting for each of 150 answers would take a quarter of a minute.</summary>
    private static readonly ChaosFlow Slow = new() { Delay = TimeSpan.FromMilliseconds(200) };

    private static readonly TimeSpan Pipelined = TimeSpan.FromSeconds(30);

    [Fact] // K04
    public async Task Single_files_do_not_wait_for_one_another()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        await share.DoAsync("mkdir", share.At("in"));
        string[] files = [.. Enumerable.Range(0, 150).Select(file => ClientShare.Write(share.Here($"many/{file}"), $"content {file}"))];
        string large = share.Here("large");
        ClientShare.WriteRandom(large, 1_500_000, seed: 1);
        File.CreateSymbolicLink(share.Here("many/link"), files[0]);
        await using ChaosTcpProxy line = ChaosTcpProxy.Start(share.Tcp, new ChaosTcpOptions { ToServer = Slow, ToClient = Slow });
        long start = TimeProvider.System.GetTimestamp();
        ToolResult put = await share.RunAsync(["put", .. files, large, share.Here("many/link"), share.Here("many/none"), $"tcp://anna@127.0.0.1:{line.Address.Port}/in"]);
        Assert.True(TimeProvider.System.GetElapsedTime(start) < Pipelined, "each file waited for the one before it");
        Assert.Equal((1, $"dialtone: {share.Here("many/none")}: There is no such file on this machine.\n"), (put.ExitCode, put.Error));
        Assert.All(Enumerable.Range(0, 150), file => Assert.Equal($"content {file}", File.ReadAllText(share.There($"in/{file}"))));
        Assert.Equal((File.ReadAllBytes(large).Length, "content 0"), (File.ReadAllBytes(share.There("in/large")).Length, File.ReadAllText(share.There("in/link"))));
        Assert.Equal(152, Directory.GetFiles(share.There("in")).Length);
    }

    [Fact]
    public async Task Of_files_that_go_together_each_has_its_digest_and_its_failure()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string a = ClientShare.Write(share.Here("a"), "hello"), b = ClientShare.Write(share.Here("b"), "world");
        byte[] middling = ClientShare.WriteRandom(share.Here("c"), 300_000, seed: 2);
        await share.DoAsync("mkdir", "-p", share.At("in/b"));
        ToolResult put = await share.RunAsync("put", "--checksum", "sha256", a, b, share.Here("c"), share.At("in"));
        Assert.Equal(1, put.ExitCode);
        Assert.Equal([$"{Hex(Encoding.ASCII.GetBytes("hello"))}  /in/a", $"{Hex(middling)}  /in/c"], put.Output.TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal).OrderBy(line => line[^1]));
        Assert.StartsWith($"dialtone: {b}: ", put.Error, StringComparison.Ordinal);
        JsonElement[] lines = [.. (await share.RunAsync("put", "--json", a, b, share.Here("c"), share.At("in"))).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(Encoding.UTF8.GetBytes(line)).RootElement)];
        JsonElement file = lines.Single(line => line.GetProperty("type").GetString() == "file" && line.GetProperty("path").GetString() == "/in/a");
        Assert.Equal(("9a71bb4c", 5, 5), (file.GetProperty("crc32c").GetString(), file.GetProperty("size").GetInt32(), file.GetProperty("moved").GetInt32()));
        Assert.Equal((2, 1), (lines[^1].GetProperty("files").GetInt32(), lines[^1].GetProperty("failures").GetInt32()));
    }

    [Fact]
    public async Task Digests_are_asked_for_together()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        for (int file = 0; file < 150; file++)
        {
            ClientShare.Write(share.There($"tree/{file}"), $"there {file}");
            ClientShare.Write(share.Here($"tree/{file}"), file % 50 == 0 ? $"other {file}" : $"there {file}");
        }

        await using ChaosTcpProxy line = ChaosTcpProxy.Start(share.Tcp, new ChaosTcpOptions { ToServer = Slow, ToClient = Slow });
        long start = TimeProvider.System.GetTimestamp();
        string output = await share.DoAsync("sync", "--compare", "--json", $"tcp://anna@127.0.0.1:{line.Address.Port}/tree", share.Here("tree"));
        Assert.True(TimeProvider.System.GetElapsedTime(start) < Pipelined, "each digest waited for the one before it");
        Assert.Contains("\"files\":3,\"skipped\":147,", output, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 150), file => Assert.Equal($"there {file}", File.ReadAllText(share.Here($"tree/{file}"))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_tree_goes_and_comes_over_as_many_connections_as_were_asked_for(int jobs)
    {
        await using ClientShare share = await ClientShare.StartAsync();
        MakeTree(share.Here("tree"), files: 400);
        await using ChaosTcpProxy line = ChaosTcpProxy.Start(share.Tcp, new ChaosTcpOptions { ToServer = Slow, ToClient = Slow });
        string there = $"tcp://anna@127.0.0.1:{line.Address.Port}/";
        await share.DoAsync("put", "--jobs", $"{jobs}", share.Here("tree"), there);
        Assert.InRange(line.Accepted, jobs, jobs + 1);
        Assert.Equal(Describe(share.Here("tree")), Describe(share.There("tree")));
        int before = line.Accepted;
        await share.DoAsync("get", "-j", $"{jobs}", there + "tree", share.Here("back"));
        Assert.InRange(line.Accepted - before, jobs, jobs + 1);
        Assert.Equal(Describe(share.Here("tree")), Describe(share.Here("back")));
        Assert.EndsWith("\"failures\":0", (await share.DoAsync("sync", "--json", "--jobs", $"{jobs}", share.Here("tree"), there + "tree")).Split(",\"seconds\"")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 4)]
    [InlineData(false, 1)]
    [InlineData(false, 4)]
    public async Task Ctrl_c_in_a_tree_leaves_whole_files_and_the_same_command_goes_on(bool isPut, int jobs)
    {
        await using ClientShare share = await ClientShare.StartAsync();
        string from = isPut ? share.Here("tree") : share.There("tree"), to = isPut ? share.There("copy") : share.Here("copy");
        MakeTree(from, files: 300);
        SortedDictionary<string, string> all = Describe(from);
        string[] words = isPut ? ["put", "--jobs", $"{jobs}", share.Here("tree"), share.At("copy/")] : ["get", "--jobs", $"{jobs}", share.At("tree"), share.Here("copy/")];
        Directory.CreateDirectory(isPut ? share.There("copy") : share.Here("copy"));
        ToolResult end;
        await using (ToolProcess tool = ToolProcess.StartWith(share.Environment, [.. words, "--limit-rate", "400K"]))
        {
            for (int wait = 0; wait < 3000 && Files(to).Length < 20; wait++)
                await Task.Delay(10);
            tool.Signal(ToolProcess.Interrupt);
            end = await tool.EndAsync();
        }

        Assert.Equal(ExitCode.Interrupted, (ExitCode)end.ExitCode);
        Assert.Contains("the same command goes on from there", end.Error, StringComparison.Ordinal);
        SortedDictionary<string, string> some = Describe(Path.Combine(to, "tree"));
        Assert.InRange(some.Count, 1, all.Count - 1);
        Assert.All(some, file => Assert.Equal(all[file.Key], file.Value)); // whole files under their names, and no other name

        string again = await share.DoAsync([.. words, "--json"]);
        JsonElement summary = JsonDocument.Parse(again.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.Equal(all, Describe(Path.Combine(to, "tree")));
        Assert.Equal(all.Count, summary.GetProperty("files").GetInt32() + summary.GetProperty("skipped").GetInt32());
        Assert.InRange(summary.GetProperty("skipped").GetInt32(), some.Count, all.Count - 1);
    }

    [Fact]
    public async Task The_door_is_passed_by_every_verb_and_connection()
    {
        using var folder = new Folder();
        string key = folder.Write("door.key", "a key for the door\n"), wrong = folder.Write("wrong.key", "another key for it\n");
        MakeTree(folder["tree"], files: 100);
        await using ToolProcess server = ServeFilesTests.Serve(folder, "--listen", "tcp://127.0.0.1:0", "--hmac-key-file", key);
        string place = (await server.AddressesAsync(1))[0] + "/";
        string[] door = ["--hmac-key-file", key];
        await DoAsync(["put", "--jobs", "4", folder["tree"], place, .. door]);
        await DoAsync(["get", "--jobs", "4", place + "tree", folder["back"], .. door]);
        Assert.Equal(Describe(folder["tree"]), Describe(folder["back"]));
        Assert.Equal("tree\n", await DoAsync(["ls", place, .. door]));
        Assert.Contains("file", await DoAsync(["stat", place + "tree/0", .. door]), StringComparison.Ordinal);
        Assert.Contains("  /tree/0", await DoAsync(["sum", place + "tree/0", .. door]), StringComparison.Ordinal);
        await DoAsync(["mkdir", place + "new", .. door]);
        await DoAsync(["cp", place + "tree/0", place + "new/0", .. door]);
        await DoAsync(["sync", folder["tree"], place + "tree", .. door]);
        ToolResult refused = await ToolProcess.RunWithAsync("", folder.Home, ["ls", place, "--hmac-key-file", wrong]);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.DoesNotContain("another key", refused.Error, StringComparison.Ordinal);
        ToolResult without = await ToolProcess.RunWithAsync("", folder.Home, "ls", place, "--timeout", "5");
        Assert.NotEqual(0, without.ExitCode);
        Assert.NotEqual("", without.Error);

        async Task<string> DoAsync(string[] words)
        {
            ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, words);
            Assert.Equal((0, ""), (end.ExitCode, end.Error));
            return end.Output;
        }
    }

    private static void MakeTree(string folder, int files)
    {
        for (int file = 0; file < files; file++)
            ClientShare.WriteRandom(Path.Combine(folder, file % 3 == 0 ? $"{file}" : $"d{file % 7}/{file}"), 1 + (file * 8_191 % 20_000), seed: file);
        ClientShare.WriteRandom(Path.Combine(folder, "last"), 400_000, seed: files);
    }

    private static string[] Files(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)];

    private static SortedDictionary<string, string> Describe(string folder) =>
        new(Files(folder).ToDictionary(path => Path.GetRelativePath(folder, path), path => Hex(File.ReadAllBytes(path))), StringComparer.Ordinal);

    private static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
