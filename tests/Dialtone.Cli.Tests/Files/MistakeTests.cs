using static Dialtone.Cli.Tests.Sitting;

namespace Dialtone.Cli.Tests;

/// <summary>What a stranger gets wrong: one message that says what, where and what to do, and the exit code for it.</summary>
public sealed class MistakeTests
{
    private const string CtrlC = "\x03";

    [Theory]
    [InlineData("tcp://127.0.0.1:70:80", "has more than one ':' behind its host; write tcp://HOST:PORT.")]
    [InlineData("tcp://::1", "names an IPv6 address without brackets; write tcp://[::1]:PORT.")]
    [InlineData("tls://::1:80/x", "names an IPv6 address without brackets; write tls://[::1]:80.")]
    [InlineData("tcp://", "names no host.")]
    public async Task An_address_that_is_none_is_told_what_it_lacks(string address, string complaint)
    {
        ToolResult result = await ToolProcess.RunAsync("ls", address);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("dialtone: '", result.Error, StringComparison.Ordinal);
        Assert.Contains($"' {complaint}\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_this_machine_that_is_missing_is_said_to_be_of_this_machine()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ToolResult none = await share.RunAsync("put", share.Here("none"), share.At(""));
        Assert.Equal((5, $"dialtone: {share.Here("none")}: There is no such file on this machine.\n"), (none.ExitCode, none.Error));
        ClientShare.Write(share.Here("a"), "a");
        Assert.Equal(1, (await share.RunAsync("put", share.Here("none"), share.Here("a"), share.At(""))).ExitCode); // part of it was done
        Assert.Equal(1, (await share.RunAsync("get", share.At("none"), share.Here("b"))).ExitCode); // the server's is not this machine's
    }

    [Fact]
    public async Task A_place_of_this_machine_that_cannot_be_written_is_named_as_it_was_written()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a folder nobody can write into");
        await using ClientShare share = await ClientShare.StartAsync();
        ClientShare.Write(share.There("a"), "a");
        foreach (string[] flags in (string[][])[[], ["--resume"]])
        {
            ToolResult result = await share.RunAsync(["get", .. flags, share.At("a"), "/proc/self/a"]);
            Assert.Equal((5, ""), (result.ExitCode, result.Output));
            Assert.Contains(":/a: /proc/self/a: ", result.Error, StringComparison.Ordinal);
            Assert.Contains("(on this side)", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(".part", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_call_with_tls_where_there_is_none_and_the_other_way_round_says_so()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ToolResult plain = await share.RunAsync("ls", $"tcp://anna@127.0.0.1:{share.Tls.Port}/");
        Assert.Equal(1, plain.ExitCode);
        Assert.Equal(
            $"dialtone: tcp://127.0.0.1:{share.Tls.Port} closed the connection before it answered.\n  Does it speak TLS? Then write tls://127.0.0.1:{share.Tls.Port}/…\n", plain.Error);
        ToolResult tls = await share.RunAsync("ls", $"tls://anna@127.0.0.1:{share.Tcp.Port}/");
        Assert.Equal(4, tls.ExitCode);
        Assert.EndsWith("\n  Does the server speak TLS there? If not, the address begins with tcp://.\n", tls.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_the_one_is_not_talked_to_and_it_is_said_what_to_do()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        ToolResult result = await share.RunAsync("ls", "--trust", $"SHA256:{new string('A', 43)}", share.AtTls(""));
        Assert.Equal((4, ""), (result.ExitCode, result.Output));
        Assert.Contains("which is not the expected SHA256:AAAA", result.Error, StringComparison.Ordinal);
        Assert.Contains("\n  Ask the server's operator for its fingerprint", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_several_failures_have_in_common_is_advised_on_once()
    {
        await using ClientShare share = await ClientShare.StartAsync(quota: new Dialtone.Files.Quota(10));
        string a = ClientShare.Write(share.Here("a"), "more than ten bytes"), b = ClientShare.Write(share.Here("b"), "and once more");
        ToolResult same = await share.RunAsync("put", a, b, share.At(""));
        Assert.Equal(1, same.ExitCode);
        Assert.Equal(2, same.Error.Split("dialtone: ").Length - 1);
        Assert.EndsWith("\n  'dialtone quota' shows what is used. Remove something, or ask the server's operator for more.\n", same.Error, StringComparison.Ordinal);
        ToolResult mixed = await share.RunAsync("put", a, share.Here("none"), share.At(""));
        Assert.DoesNotContain("\n  ", mixed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_gets_long_messages_broken_between_words_and_a_pipe_in_one_line()
    {
        var environment = new Dictionary<string, string> { ["COLUMNS"] = "80" };
        Assert.Equal("seen exit 2", await RunAsync(environment, ["serve", "exec"], See("or --allow-any-command; 'dialtone\r\n  serve exec --help' says more.\r\n")));
        ToolResult piped = await ToolProcess.RunAsync("serve", "exec");
        Assert.Equal(2, piped.Error.TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public async Task Ctrl_c_at_the_question_for_a_password_ends_the_tool_at_once()
    {
        await using ClientShare share = await ClientShare.StartAsync();
        // 5 s is how long an interrupted command may take, which would wait for a key.
        Assert.Equal("seen exit 130", await RunAsync(share.WithoutPassword, ["ls", share.At("")], See("Password of anna"), Type(CtrlC), Soon(4.5)));
    }
}
