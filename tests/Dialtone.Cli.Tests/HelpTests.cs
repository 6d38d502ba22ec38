namespace Dialtone.Cli.Tests;

public sealed class HelpTests
{
    private static readonly string[] Verbs = ["serve files", "serve upper", "serve echo", "serve exec", "exec", "serve chat", "chat", "user add", "user set", "user passwd", "user remove", "user list", "config check", "put", "get", "sync", "ls", "tree", "rm", "mkdir", "mv", "cp", "stat", "sum", "quota", "shell", "bookmark list", "bookmark remove", "call", "pack", "unpack", "key new", "key show"];

    [Fact]
    public async Task The_overview_names_every_verb_and_stays_within_80_columns()
    {
        ToolResult help = await ToolProcess.RunAsync("--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.All(Verbs, verb => Assert.Contains($"\n  {verb} ", help.Output, StringComparison.Ordinal));
        AssertFits(help.Output);
        Assert.Equal(help.Output, (await ToolProcess.RunAsync()).Output);
        Assert.Equal(help.Output, (await ToolProcess.RunAsync("help")).Output);
    }

    [Fact]
    public async Task Every_verb_explains_itself_within_80_columns()
    {
        foreach (string verb in Verbs)
        {
            string[] words = verb.Split(' ');
            ToolResult help = await ToolProcess.RunAsync([.. words, "--help"]);
            Assert.Equal((0, ""), (help.ExitCode, help.Error));
            Assert.StartsWith($"dialtone {verb}: ", help.Output, StringComparison.Ordinal);
            AssertFits(help.Output);
            Assert.Equal(help.Output, (await ToolProcess.RunAsync(["help", .. words])).Output);
        }
    }

    [Fact]
    public async Task The_help_of_a_server_names_every_flag()
    {
        string help = (await ToolProcess.RunAsync("serve", "upper", "--help")).Output;
        string[] flags =
        [
            "--listen", "--concurrency", "--engine", "--backlog", "--max-connections", "--max-per-address", "--idle", "--first-byte", "--drain",
            "--tls-cert", "--tls-key", "--ready-file", "--framing", "--hmac-key-file", "--hmac", "--verbose",
        ];
        Assert.All(flags, flag => Assert.Matches($"\n  (-[a-z], )?{flag} ", help));
    }

    [Fact]
    public async Task Exit_codes_have_a_page()
    {
        string page = (await ToolProcess.RunAsync("help", "exit-codes")).Output;
        Assert.All(new[] { 0, 1, 2, 3, 4, 5, 70, 130 }, code => Assert.Contains($"\n  {code,3}  ", page, StringComparison.Ordinal));
        AssertFits(page);
    }

    [Fact]
    public async Task The_version_is_one_line()
    {
        ToolResult version = await ToolProcess.RunAsync("--version");
        Assert.Equal((0, ""), (version.ExitCode, version.Error));
        Assert.Matches(@"^dialtone \d+\.\d+\.\d+\n$", version.Output);
    }

    [Theory]
    [InlineData("serv echo", "'dialtone serve echo'")]
    [InlineData("serve ecko", "'dialtone serve echo'")]
    [InlineData("cal tcp://127.0.0.1:1", "'dialtone call'")]
    [InlineData("serve nonsense", "'dialtone serve upper'")]
    [InlineData("config", "'dialtone config check'")]
    [InlineData("--verbose", "'dialtone --help'")]
    [InlineData("serve echo --lissten tcp://127.0.0.1:0", "--listen?")]
    [InlineData("serve echo", "--listen tcp://127.0.0.1:9000")]
    [InlineData("serve echo --listen", "--listen needs a value")]
    [InlineData("serve echo --listen nonsense", "tcp://host:port")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --backlog none", "--backlog: 'none'")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --backlog 0", "at least 1")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --concurrency pool", "pool:N[:QUEUE]")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --engine steam", "auto, sockets or epoll")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --idle never", "number of seconds")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --framing int24", "int32be")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --hmac md6", "sha512")]
    [InlineData("serve echo --listen tcp://127.0.0.1:0 --hmac md5", "DIALTONE_HMAC_KEY")]
    [InlineData("serve echo --verbose=yes --listen tcp://127.0.0.1:0", "takes no value")]
    [InlineData("call", "ADDRESS is missing")]
    [InlineData("pack", "FORMAT is missing")]
    [InlineData("help nothing", "no help about 'nothing'")]
    [InlineData("call tcp://127.0.0.1:1 more", "one word too many")]
    [InlineData("call tcp://127.0.0.1:1 --trust system-roots", "speaks no TLS")]
    [InlineData("call udp://127.0.0.1:1 --key nowhere.pem", "speaks no TLS")]
    [InlineData("ls tcp://127.0.0.1:1/ --trust system-roots", "speaks no TLS")]
    public async Task What_cannot_be_understood_is_a_usage_error_that_says_what_to_write(string words, string advice)
    {
        ToolResult end = await ToolProcess.RunAsync(words.Split(' '));
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.StartsWith("dialtone: ", end.Error, StringComparison.Ordinal);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_at_sign_is_a_letter_like_any_other()
    {
        using var folder = new Folder();
        folder.Write("i", "--help");
        ToolResult end = await ToolProcess.RunAsync("pack", "@i", "7");
        Assert.Equal((0, "07000000\n"), (end.ExitCode, end.Output));
    }

    private static void AssertFits(string text) => Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
}
