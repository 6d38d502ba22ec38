using System.Runtime.Versioning;
using System.Text.Json;

namespace Dialtone.Cli.Tests;

/// <summary>The tool and its server on two machines with a bad cable between them: F15, K05, K06, K07 of the catalogue.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ClientNetworkTests(ITestOutputHelper log) : IDisposable
{
    private readonly Folder _folder = new();
    private readonly Lab _lab = new();

    public void Dispose()
    {
        _lab.Dispose();
        _folder.Dispose();
    }

    [Fact] // K05
    public async Task A_narrow_line_is_slow_and_nothing_else()
    {
        await using ToolProcess server = await ServeAsync();
        byte[] content = ClientShare.WriteRandom(_folder["file"], RunLength.IsLong ? 1_000_000 : 160_000, seed: 1);
        _lab.Narrow(256); // 32 KiB/s
        TimeSpan took = await DoAsync("put", _folder["file"], At("file"));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["data/file"]));
        took += await DoAsync("get", At("file"), _folder["back"]);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["back"]));
        log.WriteLine($"{2 * content.Length / took.TotalSeconds / 1024:0.0} KiB/s");
        Assert.True(took.TotalSeconds > 2 * content.Length / 60_000.0, "the line was not narrow");
    }

    [Fact] // K06
    public async Task One_packet_in_twenty_lost_each_way_changes_nothing_but_the_time()
    {
        await using ToolProcess server = await ServeAsync();
        for (int file = 0; file < 200; file++)
            ClientShare.WriteRandom(_folder[$"tree/{file % 5}/{file}"], 1 + (file * 997 % 9_000), seed: file);
        ClientShare.WriteRandom(_folder["tree/large"], RunLength.IsLong ? 20_000_000 : 1_500_000, seed: 200);
        _lab.Lose(5);
        TimeSpan took = await DoAsync("put", _folder["tree"], At(""));
        took += await DoAsync("get", At("tree"), _folder["back"]);
        log.WriteLine($"{took.TotalSeconds:0.0} s, {_lab.Lost} packets lost");
        Assert.True(_lab.Lost > 0, "nothing was lost");
        Assert.Equal(Describe(_folder["tree"]), Describe(_folder["data/tree"]));
        Assert.Equal(Describe(_folder["tree"]), Describe(_folder["back"]));
    }

    [Fact] // K07
    public async Task A_cable_that_was_out_for_a_while_delays_a_transfer_and_no_more()
    {
        await using ToolProcess server = await ServeAsync();
        byte[] content = ClientShare.WriteRandom(_folder["file"], 4_000_000, seed: 2);
        await using ToolProcess put = _lab.OnClient(_folder.Home, "put", "--json", "--limit-rate", "1M", _folder["file"], At("file"));
        await UntilStagedAsync(1_000_000);
        _lab.Cut();
        await Task.Delay(TimeSpan.FromSeconds(RunLength.IsLong ? 40 : 2));
        _lab.Heal();
        ToolResult end = await put.EndAsync(TimeSpan.FromMinutes(3));
        Assert.Equal((0, ""), (end.ExitCode, end.Error));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["data/file"]));
        Assert.Contains($"\"moved\":{content.Length}", end.Output, StringComparison.Ordinal); // in one go
    }

    [Fact] // K07
    public async Task A_caller_that_is_gone_behind_a_dead_line_is_noticed_and_its_upload_continued_from_where_it_stands()
    {
        await using ToolProcess server = await ServeAsync("--idle", "3", "--stalled", "3");
        byte[] content = ClientShare.WriteRandom(_folder["file"], 4_000_000, seed: 3);
        int before = Sockets(server.Id);
        await using (ToolProcess put = _lab.OnClient(_folder.Home, "put", "--limit-rate", "1M", _folder["file"], At("file")))
        {
            await UntilStagedAsync(1_500_000);
            _lab.Cut();
        } // killed: whatever it still says is lost on the way

        Assert.True(Sockets(server.Id) > before, "the server has no half-open connection");
        await UntilAsync(() => Sockets(server.Id) == before);
        Assert.False(File.Exists(_folder["data/file"]));
        _lab.Heal();
        await using ToolProcess again = _lab.OnClient(_folder.Home, "put", "--json", _folder["file"], At("file"));
        ToolResult end = await again.EndAsync();
        Assert.Equal((0, ""), (end.ExitCode, end.Error));
        JsonElement file = JsonDocument.Parse(end.Output.Split('\n').First(line => line.Contains("\"file\"", StringComparison.Ordinal))).RootElement;
        Assert.InRange(file.GetProperty("moved").GetInt64(), 1, content.Length - 1_000_000);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["data/file"]));
        Assert.Empty(Directory.GetFiles(_folder["data/.dialtone/uploads"]));
    }

    [Fact] // F15
    public async Task Whoever_has_no_port_left_to_call_from_is_told_so_and_gets_through_when_there_is_one()
    {
        await using ToolProcess server = await ServeAsync();
        await File.WriteAllTextAsync(_folder["data/file"], "x");
        _lab.LeavePorts(4); // an even number: the kernel takes them by pairs
        int before = Sockets(server.Id);
        ToolProcess[] calls = [.. Enumerable.Range(0, 4).Select(_ => _lab.OnClient(_folder.Home, "call", $"tcp://{Lab.ServerAddress}:7070"))];
        try
        {
            await UntilAsync(() => Sockets(server.Id) == before + calls.Length);
            ToolResult refused = await ListAsync();
            Assert.Equal((3, ""), (refused.ExitCode, refused.Output));
            Assert.StartsWith($"dialtone: tcp://{Lab.ServerAddress}:7070 cannot be called: no source port is free.", refused.Error, StringComparison.Ordinal);

            calls[0].Signal(ToolProcess.Interrupt);
            await calls[0].EndAsync();
            ToolResult end = refused;
            for (int attempt = 0; attempt < 50 && end.ExitCode != 0; attempt++)
                end = await ListAsync();
            Assert.Equal((0, "", "file\n"), (end.ExitCode, end.Error, end.Output));
        }
        finally
        {
            foreach (ToolProcess call in calls)
                await call.DisposeAsync();
        }

        async Task<ToolResult> ListAsync()
        {
            await using ToolProcess list = _lab.OnClient(_folder.Home, "ls", At(""));
            return await list.EndAsync();
        }
    }

    private static string At(string path) => $"tcp://{Lab.ServerAddress}:7070/{path}";

    private async Task<ToolProcess> ServeAsync(params string[] flags)
    {
        Directory.CreateDirectory(_folder["data"]);
        ToolProcess server = _lab.OnServer(_folder.Home, ["serve", "--root", _folder["data"], "--listen", $"tcp://{Lab.ServerAddress}:7070", "--anonymous", "write", "--anonymous-from-anywhere", .. flags]);
        await server.AddressesAsync(1);
        return server;
    }

    private async Task<TimeSpan> DoAsync(params string[] words)
    {
        long start = TimeProvider.System.GetTimestamp();
        await using ToolProcess tool = _lab.OnClient(_folder.Home, words);
        ToolResult end = await tool.EndAsync(TimeSpan.FromMinutes(5));
        Assert.Equal((0, "", ""), (end.ExitCode, end.Output, end.Error));
        return TimeProvider.System.GetElapsedTime(start);
    }

    private Task UntilStagedAsync(long bytes) => UntilAsync(() =>
        Directory.GetFiles(_folder["data/.dialtone/uploads"]).Where(path => !path.EndsWith(".json", StringComparison.Ordinal)).Any(path => new FileInfo(path).Length >= bytes));

    private static async Task UntilAsync(Func<bool> isSo)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start).TotalSeconds < 60, "It never came to be.");
            await Task.Delay(20);
        }
    }

    private static int Sockets(int process) =>
        Directory.GetFiles($"/proc/{process}/fd").Count(path => new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    private static SortedDictionary<string, string> Describe(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(folder, path), path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))),
        StringComparer.Ordinal);
}
