using Dialtone.Cli.Tests;

namespace Dialtone.Interop.Tests;

/// <summary><c>dialtone call</c> against the tutorials' servers.</summary>
public sealed class TutorialCallTests
{
    public static readonly TheoryData<string, string> Servers = new(
        from style in new[] { "socket", "socketserver", "threading" }
        from kind in new[] { "tcp", "udp", "unix", "unixgram" }
        select (style, kind));

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Each_line_gets_its_answer(string style, string kind)
    {
        bool isDatagram = kind is "udp" or "unixgram";
        ToolResult call = await CallAsync(style, kind, "upper", "hello\n\nworld\n", "--wait", "0.5");
        Assert.Equal((0, isDatagram ? "HELLO\n\nWORLD\n" : "HELLO\nWORLD\n", ""), (call.ExitCode, call.Output, call.Error));
    }

    [Theory]
    [InlineData("strip", "HELLO\nWORLD\n")]
    [InlineData("pieces", "HELLO\nWORLD\n")]
    public async Task An_answer_without_a_newline_or_in_pieces_is_shown_as_one_line(string behaviour, string shown)
    {
        ToolResult call = await CallAsync("socket", "tcp", behaviour, "hello\nworld\n");
        Assert.Equal((0, shown, ""), (call.ExitCode, call.Output, call.Error));
    }

    [Fact]
    public async Task A_large_answer_is_shown_whole()
    {
        ToolResult call = await CallAsync("socketserver", "tcp", "large", "hello\n");
        Assert.Equal((0, new string('x', 10239) + "\n"), (call.ExitCode, call.Output));
    }

    [Fact]
    public async Task A_server_that_closes_after_the_last_answer_has_done_its_part()
    {
        ToolResult call = await CallAsync("threading", "tcp", "once", "hello\n");
        Assert.Equal((0, "HELLO\n"), (call.ExitCode, call.Output));
    }

    [Fact]
    public async Task A_server_that_closes_before_the_last_line_is_told()
    {
        ToolResult call = await CallAsync("threading", "tcp", "once", "hello\nworld\nagain\n");
        Assert.Equal((1, "HELLO\n"), (call.ExitCode, call.Output));
        Assert.StartsWith("dialtone: ", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_resets_is_told()
    {
        ToolResult call = await CallAsync("socket", "tcp", "reset", "hello\nworld\n");
        Assert.Equal((1, ""), (call.ExitCode, call.Output));
        Assert.StartsWith("dialtone: ", call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task A_server_that_never_answers_is_left_after_the_silence(string kind)
    {
        ToolResult call = await CallAsync("threading", kind, "silent", "hello\n", "--wait", "0.3");
        Assert.Equal((1, ""), (call.ExitCode, call.Output));
        Assert.Contains("No answer", call.Error, StringComparison.Ordinal);
    }

    private static async Task<ToolResult> CallAsync(string style, string kind, string behaviour, string input, params string[] flags)
    {
        using var folder = new Folder();
        string[] path = kind.StartsWith("unix", StringComparison.Ordinal) ? [folder["s"]] : [];
        await using PythonPeer server = DoorPeers.Start("tutorial_server.py", [style, kind, behaviour, .. path]);
        string listening = (await server.ReadLineAsync())!;
        return await ToolProcess.FeedAsync(input, ["call", listening["listening ".Length..], .. flags]);
    }
}
