using System.IO.Pipelines;
using System.Text.Json;

namespace Dialtone.Cli.Tests;

/// <summary>The tool at a terminal: a script types on a pseudo-terminal, and waits for what appears.</summary>
public sealed class TerminalTests
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Erase = "\u007f";

    [Fact]
    public async Task A_conversation_at_a_terminal_takes_turns_and_ctrl_d_ends_it()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        // The terminal shows what is typed; only the answer is in upper case.
        Assert.Equal("seen seen seen exit 0", await SitAsync(
            ["call", $"{addresses[0]}"],
            See($"connected to {addresses[0]}"), Type("hello\n"), See("HELLO\r\n"), Type($"worms{Erase}{Erase}ld\n"), See("WORLD\r\n"), Type(CtrlD)));
    }

    [Fact]
    public async Task Ctrl_c_at_a_terminal_ends_the_call()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        Assert.Equal("seen exit 130", await SitAsync(["call", $"{addresses[0]}"], See("connected to"), Type(CtrlC)));
    }

    [Fact]
    public async Task What_a_peer_sends_cannot_steer_the_terminal()
    {
        await using var server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] })
            .Handle(static async connection =>
            {
                ReadResult said = await connection.Input.ReadAsync();
                connection.Input.AdvanceTo(said.Buffer.End);
                await connection.SendAsync("\e[31mred\u009b2J\a\n"u8.ToArray());
                await connection.Input.CopyToAsync(Stream.Null); // until the caller leaves
            });
        await server.StartAsync();
        Assert.Equal("seen seen exit 0", await SitAsync(
            ["call", $"{server.Addresses[0]}"], See("connected to"), Type("x\n"), See(@"\x1b[31mred\x9b2J\x07"), Type(CtrlD)));
    }

    private static string Type(string text) => $"type {JsonSerializer.Serialize(text)}\n";

    private static string See(string text) => $"see {JsonSerializer.Serialize(text)}\n";

    private static async Task<string> SitAsync(string[] words, params string[] script)
    {
        PythonResult end = await PythonPeer.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "peers", "terminal.py"), [ToolProcess.Program, .. words], string.Concat(script), TimeSpan.FromSeconds(60));
        Assert.Equal("", end.Error);
        return end.Output.ReplaceLineEndings(" ").TrimEnd();
    }
}
