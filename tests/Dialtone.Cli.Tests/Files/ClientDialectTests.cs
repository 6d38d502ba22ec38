using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>The tutorials' dialects from the tool's side; our server answers them as the tutorials' do.</summary>
public sealed class ClientDialectTests
{
    [Fact]
    public async Task The_json_dialect_puts_and_says_what_it_cannot_do()
    {
        await using ClientShare share = await ClientShare.StartAsync(anonymous: FileRights.Write | FileRights.List | FileRights.Read);
        string file = ClientShare.Write(share.Here("a.txt"), "hello"), place = $"tcp://127.0.0.1:{share.Tcp.Port}/";
        ToolResult put = await share.RunAsync("put", "--dialect", "json", file, place);
        Assert.Equal((0, "", ""), (put.ExitCode, put.Output, put.Error));
        Assert.Equal("hello", File.ReadAllText(share.There("../a.txt")));
        ToolResult get = await share.RunAsync("get", "--dialect", "json", place + "a.txt", share.Here("b.txt"));
        Assert.Equal((1, false), (get.ExitCode, File.Exists(share.Here("b.txt"))));
        Assert.Contains("can only put", get.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await share.RunAsync("ls", "--dialect", "json", place)).ExitCode);
    }

    [Fact]
    public async Task The_text_dialect_gets_also_to_standard_output()
    {
        await using ClientShare share = await ClientShare.StartAsync(anonymous: FileRights.List | FileRights.Read);
        ClientShare.Write(share.There("../a.txt"), "hello");
        string place = $"tcp://127.0.0.1:{share.Tcp.Port}/a.txt";
        Assert.Equal("hello", await share.DoAsync("get", "--dialect", "text", place, "-"));
        await share.DoAsync("get", "--dialect", "text", place, share.Here("b.txt"));
        Assert.Equal("hello", File.ReadAllText(share.Here("b.txt")));
        Assert.Equal(1, (await share.RunAsync("get", "--dialect", "text", place + ".none", share.Here("c.txt"))).ExitCode);
        Assert.Equal(["b.txt"], Directory.GetFiles(Path.GetDirectoryName(share.Here("b.txt"))!).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task The_sample_dialect_logs_in_and_has_a_shell()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("sub/x"), "x");
        string file = ClientShare.Write(share.Here("a.txt"), "hello");
        await share.DoAsync("put", "--dialect", "sample", file, share.At("a.txt"));
        Assert.Equal("hello", await share.DoAsync("get", "--dialect", "sample", share.At("a.txt"), "-"));
        Assert.Contains("a.txt", await share.DoAsync("ls", "--dialect", "sample", share.At("")), StringComparison.Ordinal);
        ToolResult shell = await share.FeedAsync($"cd sub\npwd\nget x {share.Here("x")}\ncd\nrm a.txt\nls\n", "shell", "--dialect", "sample", share.At(""));
        Assert.Equal((0, "x"), (shell.ExitCode, File.ReadAllText(share.Here("x"))));
        Assert.False(File.Exists(share.There("a.txt")));
        ToolResult stranger = await share.RunAsync("ls", "--dialect", "sample", $"tcp://127.0.0.1:{share.Tcp.Port}/");
        Assert.Equal(2, stranger.ExitCode);
    }
}
