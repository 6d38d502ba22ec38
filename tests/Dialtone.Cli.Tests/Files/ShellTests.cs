using static Dialtone.Cli.Tests.Sitting;

namespace Dialtone.Cli.Tests;

public sealed class ShellTests
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Tab = "\t", Up = "\e[A", Home = "\e[H";

    [Fact]
    public async Task Piped_lines_are_done_without_a_prompt_and_the_first_that_fails_ends_it()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.Here("my file"), "hello");
        string script = $"""
            # a note

            mkdir -p a/b
            cd a
            put '{share.Here("my file")}'
            put {share.Here("my file").Replace(" ", @"\ ", StringComparison.Ordinal)} b/copy
            pwd
            ls
            get b/c* {share.Here("back")}
            !cat {share.Here("back")}
            mv "my file" b
            cp b/copy b/second
            ls b
            sum b/copy
            quota
            rm -r /a/b
            cd ..
            ls -R
            """;
        ToolResult end = await share.FeedAsync(script, "shell", share.At(""));
        Assert.Equal(
            (0, "/a\nb\nmy file\nhello" + "copy\nmy file\nsecond\n2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  /a/b/copy\n"
                + "bytes  15 B (no limit)\nfiles  3 (no limit)\n/:\na\n\n/a:\n", ""),
            (end.ExitCode, end.Output, end.Error));

        ToolResult failed = await share.FeedAsync("cd none\nmkdir after\n", "shell", share.At(""));
        Assert.Equal((1, false), (failed.ExitCode, Directory.Exists(share.There("after"))));
        ToolResult goesOn = await share.FeedAsync("cd none\nfrobnicate\nmkdir after\nexit\nmkdir never\n", "shell", "-k", share.At(""));
        Assert.Equal((1, true, false), (goesOn.ExitCode, Directory.Exists(share.There("after")), Directory.Exists(share.There("never"))));
        Assert.Contains("no command 'frobnicate'", goesOn.Error, StringComparison.Ordinal);
        Assert.Equal("b\n", (await share.FeedAsync("mkdir b\nls", "shell", share.At("a"))).Output);
    }

    [Fact]
    public async Task At_a_terminal_there_is_a_prompt_completion_and_history()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("资料/two words.txt"), "hello from there");
        string prompt = "anna@127.0.0.1:/";
        string seen = await RunAsync(
            share.Environment,
            ["shell", share.At("")],
            See(prompt + "> "), Type($"cd 资{Tab}\r"), See(prompt + "资料> "),
            Type($"get t{Tab}"), See(@"get two\ words.txt "), Type($"{share.Here("got")}\r"), See("1 file, 16 B"), See(prompt + "资料> "),
            Type($"!cat {share.Here("got")}\r"), See("hello from there"), See(prompt + "资料> "),
            Type($"nonsense{CtrlC}"), See("^C\r\n"), Type($"{Up}{Up}{Home}\v"), Type("frob\r"), See("no command 'frob'"), See(prompt + "资料> "), Type(CtrlD));
        Assert.EndsWith("seen exit 0", seen, StringComparison.Ordinal);
        Assert.Equal(["cd 资料/", $@"get two\ words.txt {share.Here("got")}", $"!cat {share.Here("got")}", "frob"], File.ReadAllLines(share.Home["dialtone/history"]));
    }

    [Fact]
    public async Task A_password_is_asked_for_and_not_shown()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("mine"), "x");
        Assert.Equal("seen seen exit 0", await RunAsync(
            share.WithoutPassword, ["ls", share.At("")], See("Password of anna"), Type(ClientShare.Password + "\n"), See(": \r\nmine\r\n")));
        Assert.Equal("seen seen exit 4", await RunAsync(share.WithoutPassword, ["ls", share.At("")], See("Password of anna"), Type("barley\n"), See("dialtone: ")));
    }

    [Fact]
    public async Task What_takes_long_shows_how_far_it_is_and_ctrl_c_keeps_it_for_the_next_run()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        byte[] content = ClientShare.WriteRandom(share.Here("电影.bin"), 20_000_000, seed: 4);
        Assert.Equal("seen seen seen seen exit 130", await RunAsync(
            share.Environment, ["put", "--limit-rate", "1M", share.Here("电影.bin"), share.At("电影.bin")], See("█"), See("%"), See("B/s"), Type(CtrlC), See("there.")));
        Assert.False(File.Exists(share.There("电影.bin")));
        Assert.Equal("seen exit 0", await RunAsync(share.Environment, ["put", share.Here("电影.bin"), share.At("电影.bin")], See("1 file, ")));
        Assert.Equal(content, File.ReadAllBytes(share.There("电影.bin")));
    }

    [Fact]
    public async Task A_summary_is_for_terminals_only_and_folders_are_marked_there()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.Here("a"), "hello");
        Assert.Equal("seen exit 0", await RunAsync(share.Environment, ["put", share.Here("a"), share.At("a")], See("1 file, 5 B in ")));
        Directory.CreateDirectory(share.There("sub"));
        Assert.Equal("seen exit 0", await RunAsync(share.Environment, ["ls", share.At("")], See("a  sub/\r\n")));
        Assert.Equal("a\nsub\n", await share.DoAsync("ls", share.At("")));
    }
}
