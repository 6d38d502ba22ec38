using System.Text.Json.Nodes;
using Dialtone.Cli.Tests;

namespace Dialtone.Commands.Tests;

/// <summary><c>dialtone exec -t</c> as somebody at a terminal sees it.</summary>
public sealed class TerminalTests
{
    private static readonly string Peers = Path.Combine(AppContext.BaseDirectory, "peers");

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("udp://127.0.0.1:0")]
    public async Task A_full_screen_program_draws_and_resizes_and_takes_keys_and_quits(string listen)
    {
        await using var place = listen.StartsWith("udp", StringComparison.Ordinal) ? await Place.StartWithFlowsAsync() : await Place.StartAsync(listen);
        string[] how = listen.StartsWith("udp", StringComparison.Ordinal) ? ["--udp"] : [];
        string left = await AtTerminalAsync(
            [["see", "size 80x24"], ["type", "hi"], ["see", "i"], ["resize", 100, 30], ["see", "size 100x30"], ["type", "q"]],
            ["exec", "-t", .. how, place.Address.ToString(), "--", "python3", Path.Combine(Peers, "full_screen.py")]);
        Assert.Equal("3 restored\n", left);
    }

    [Fact]
    public async Task A_pager_pages()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/less"), "There is no less here.");
        await using var place = await Place.StartAsync();
        string text = Path.GetTempFileName();
        File.WriteAllLines(text, Enumerable.Range(1, 200).Select(i => $"line {i} of it"));
        string left = await AtTerminalAsync(
            [["see", "line 22 of it"], ["type", " "], ["see", "line 45 of it"], ["type", "G"], ["see", "line 200 of it"], ["type", "q"]],
            ["exec", "-t", place.Address.ToString(), "--", "less", text]);
        File.Delete(text);
        Assert.Equal("0 restored\n", left);
    }

    [Fact]
    public async Task A_shell_edits_its_line_and_Ctrl_C_is_its_own()
    {
        await using var place = await Place.StartAsync();
        string left = await AtTerminalAsync(
            [["see", "ready> "], ["type", "echo $((6*7)); tty >/dev/null && echo at-a-terminal\r"], ["see", "42"], ["see", "at-a-terminal"], ["see", "ready> "],
             ["type", "sh -c 'echo a\"\"sleep; exec sleep 987'\r"], ["see", "asleep\r"], ["type", "\u0003"], ["see", "ready> "], ["type", "echo still-here; exit 5\r"], ["see", "still-here\r"]],
            ["exec", "-t", place.Address.ToString(), "--", "env", "PS1=ready> ", "sh"]);
        Assert.Equal("5 restored\n", left);
    }

    [Fact]
    public async Task A_kept_command_with_a_terminal_is_come_back_to_at_a_terminal()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand kept = await client.StartAsync(new CommandRequest("env", "PS1=ready> ", "sh") { Keep = true, Terminal = new TerminalSize(70, 20) });
        string left = await AtTerminalAsync(
            [["see", "ready> "], ["type", "stty size\r"], ["see", "24 80"], ["see", "ready> "], ["resize", 100, 30],
             ["type", "until [ \"$(stty size)\" = '30 100' ]; do sleep 0.05; done; echo now\"\" larger\r"], ["see", "now larger"], ["type", "exit 5\r"]],
            ["exec", "-t", "--attach", kept.RunId, place.Address.ToString()]);
        Assert.Equal("5 restored\n", left);
    }

    private static async Task<string> AtTerminalAsync(object[][] steps, string[] words)
    {
        var json = new JsonArray([.. steps.Select(step => (JsonNode)new JsonArray([.. step.Select(value => value is int number ? (JsonNode)number : (string)value)]))]);
        try
        {
            PythonResult result = await PythonPeer.RunAsync(
                Path.Combine(Peers, "at_terminal.py"), [json.ToJsonString(), ToolProcess.Program, .. words], deadline: Shell.Patience);
            Assert.Equal("", result.Error);
            return result.Output;
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }
}
