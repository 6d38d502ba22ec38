using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Dialtone.Cli.Tests;

namespace Dialtone.Commands.Tests;

/// <summary>The tutorials' clients and servers of remote commands, as Python programs, against ours.</summary>
public sealed class TutorialTests
{
    private static readonly Dictionary<string, TutorialFraming> Framings = new()
    {
        ["raw"] = TutorialFraming.Raw,
        ["ack"] = TutorialFraming.Acknowledged,
        ["int32"] = TutorialFraming.Int32,
        ["json"] = TutorialFraming.Json,
    };

    [Theory]
    [InlineData("raw")]
    [InlineData("ack")]
    [InlineData("int32")]
    [InlineData("json")]
    public async Task Their_clients_get_every_size_and_the_content_rule(string framing)
    {
        await using var place = await Place.StartAsync(tutorial: Framings[framing]);
        byte[] ten = Zeros(10_000_000);
        (string Command, byte[] Content)[] cases =
        [
            ("printf x", "x"u8.ToArray()),
            ("head -c 1024 /dev/zero", Zeros(1024)),
            ("true", []),
            ("head -c 1025 /dev/zero", Zeros(1025)),
            ("head -c 10000000 /dev/zero", ten),
            ("printf '\\000\\377\\200'", [0, 255, 128]),
            ("echo out; echo err >&2; exit 3", "err\n"u8.ToArray()),
            ("exit 7", []),
            ("no-such-command-here", "sh: 1: no-such-command-here: not found\n"u8.ToArray()),
            ("echo done", "done\n"u8.ToArray()),
        ];
        if (framing == "raw")
            cases = [.. cases.Where(each => each.Content.Length > 0), ("true", [])]; // an empty reply is nothing to wait for: what is sent after it may join the command before
        string lengths = framing == "raw" ? "=" + string.Join(',', cases.Select(each => each.Content.Length)) : "";
        string output = await ClientAsync(place, framing + lengths, [.. cases.Select(each => each.Command)]);
        Assert.Equal(string.Concat(cases.Select(each => Line(each.Content))), output);
    }

    [Fact]
    public async Task An_acknowledgement_may_come_together_with_the_next_command_and_after_an_empty_reply_or_not_at_all()
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Acknowledged);
        string output = await ClientAsync(place, "ack", "@late", "echo one", "echo two", "true", "echo three", "@late", "true", "echo four");
        Assert.Equal(Line("one\n"u8) + Line("two\n"u8) + Line([]) + Line("three\n"u8) + Line([]) + Line("four\n"u8), output);
    }

    [Theory]
    [InlineData("@reset")]
    [InlineData("@close")]
    public async Task A_client_that_leaves_in_the_middle_ends_its_command(string how)
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Int32);
        await ClientAsync(place, "int32", how, "sleep 987");
        await place.UntilLogAsync("caller-left");
        Assert.Equal(Line("next\n"u8), await ClientAsync(place, "int32", "echo next"));
    }

    [Fact]
    public async Task Datagrams_are_answered_whole_or_cut_and_marked()
    {
        await using var place = await Place.StartAsync("udp://127.0.0.1:0", tutorial: TutorialFraming.Raw);
        string output = await ClientAsync(place, "udp", "", "true", "echo hi", "echo err >&2", "head -c 65507 /dev/zero", "head -c 65508 /dev/zero", "head -c 10000000 /dev/zero");
        string note = "\n[dialtone: the output was cut after 65457 bytes]\n";
        byte[] cut = [.. Zeros(65_457), .. Encoding.UTF8.GetBytes(note)];
        Assert.Equal(65_507, cut.Length);
        Assert.Equal(Line([]) + Line([]) + Line("hi\n"u8) + Line("err\n"u8) + Line(Zeros(65_507)) + Line(cut) + Line(cut), output);
    }

    [Fact]
    public async Task A_reply_beyond_the_bound_is_what_fits_and_says_so()
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Int32, options: new CommandServiceOptions { MaxReplyBytes = 3_000_000 });
        byte[] content = [.. Enumerable.Repeat("y\n"u8.ToArray(), 1_500_000).SelectMany(line => line), .. "\n[dialtone: the output was cut after 3000000 bytes]\n"u8];
        Assert.Equal(Line(content), await ClientAsync(place, "int32", "yes"));
    }

    [Fact]
    public async Task Replies_are_turned_into_gbk_even_where_a_character_is_cut_between_two_reads()
    {
        Encoding gbk = CodePagesEncodingProvider.Instance.GetEncoding("gbk")!;
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Int32, encoding: gbk);
        string output = await ClientAsync(place, "int32", "echo 中文", "printf '\\344\\270'; sleep 0.1; printf '\\255'");
        Assert.Equal(Line(gbk.GetBytes("中文\n")) + Line(gbk.GetBytes("中")), output);
    }

    [Fact]
    public async Task Under_a_policy_a_line_is_words_and_a_refusal_is_a_reply()
    {
        CommandPolicy policy = CommandPolicy.Parse("""{"rules": [{"name": "r", "program": "/bin/echo", "arguments": [{"pattern": ".*", "repeat": true}]}]}"""u8);
        await using var place = await Place.StartAsync(policy: policy, tutorial: TutorialFraming.Int32);
        string output = await ClientAsync(place, "int32", "echo 'a  b' c", "echo a; id", "id");
        Assert.Equal(
            Line("a  b c\n"u8) + Line("dialtone: ';' means something to a shell, and no shell runs this line.\n"u8) + Line("dialtone: No rule names the program 'id'.\n"u8), output);
    }

    [Fact]
    public async Task A_client_that_finishes_sending_is_told_that_its_command_was_ended()
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Raw);
        using var folder = new Folder();
        await using Connection connection = await Dialer.ConnectAsync(place.Address);
        await connection.SendAsync(Encoding.UTF8.GetBytes($"echo one; : >{folder["up"]}; sleep 987"));
        await folder.UntilAsync("up");
        await connection.FinishSendingAsync();
        Assert.Equal("one\n\n[dialtone: the command was ended (caller-left)]\n", Encoding.UTF8.GetString(await Shell.ReadAsync(connection.Stream)));
    }

    [Fact]
    public async Task A_reply_without_what_a_process_left_behind_would_write_says_so()
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Int32);
        Assert.Equal(Line("one\n\n[dialtone: the command left processes behind; nothing more of them is shown]\n"u8), await ClientAsync(place, "int32", "sleep 987 & echo one"));
    }

    [Fact]
    public async Task A_datagram_in_gbk_is_cut_between_characters()
    {
        Encoding gbk = CodePagesEncodingProvider.Instance.GetEncoding("gbk")!;
        await using var place = await Place.StartAsync("udp://127.0.0.1:0", tutorial: TutorialFraming.Raw, encoding: gbk);
        byte[] cut = [.. gbk.GetBytes(new string('中', 32_728)), .. "\n[dialtone: the output was cut after 65456 bytes]\n"u8];
        Assert.Equal(Line(cut), await ClientAsync(place, "udp", "python3 -c 'print(\"中\" * 40000)'"));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("udp://127.0.0.1:0")]
    public async Task A_server_that_stops_lets_commands_finish(string listen)
    {
        await using var place = await Place.StartAsync(listen, tutorial: TutorialFraming.Raw);
        using var folder = new Folder();
        Task<string> reply = AskAsync(place.Address, $"echo begun; until [ -e {folder["go"]} ]; do sleep 0.05; done; echo done");
        await place.UntilLogAsync("\"start\"");
        Task<DrainReport> stopping = place.Server.StopAsync(TimeSpan.FromSeconds(50));
        folder.Write("go", "");
        Assert.Equal("begun\ndone\n", await reply.WaitAsync(Shell.Patience));
        Assert.Empty((await stopping.WaitAsync(Shell.Patience)).Stragglers);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("udp://127.0.0.1:0")]
    public async Task A_server_that_has_waited_for_long_enough_ends_commands_and_says_so(string listen)
    {
        await using var place = await Place.StartAsync(listen, tutorial: TutorialFraming.Raw, options: new CommandServiceOptions { StopPatience = TimeSpan.FromMilliseconds(200) });
        using var folder = new Folder();
        Task<string> reply = AskAsync(place.Address, $"echo begun; : >{folder["up"]}; sleep 987");
        await folder.UntilAsync("up");
        Task<DrainReport> stopping = place.Server.StopAsync(TimeSpan.FromSeconds(50));
        Assert.Equal("begun\n\n[dialtone: the command was ended (server-stopping)]\n", await reply.WaitAsync(Shell.Patience));
        Assert.Empty((await stopping.WaitAsync(Shell.Patience)).Stragglers);
    }

    [Fact]
    public async Task A_caller_that_asks_nothing_does_not_hold_up_a_server_that_stops()
    {
        await using var place = await Place.StartAsync(tutorial: TutorialFraming.Acknowledged);
        await using Connection idle = await Dialer.ConnectAsync(place.Address);
        await using Connection asked = await Dialer.ConnectAsync(place.Address);
        await asked.SendAsync("true"u8.ToArray());
        Assert.Equal(1, await asked.ReceiveAsync(new byte[10])); // a length of 0
        Assert.Empty((await place.Server.StopAsync(TimeSpan.FromSeconds(50)).WaitAsync(Shell.Patience)).Stragglers);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("ack")]
    [InlineData("int32")]
    [InlineData("json")]
    [InlineData("udp")]
    public async Task The_tool_speaks_to_their_servers(string framing)
    {
        await using PythonPeer server = Start("exec_server.py", [framing]);
        string[] where = (await server.ReadLineAsync())!.Split(' ');
        string address = $"{(framing == "udp" ? "udp" : "tcp")}://{where[1]}:{where[2]}";
        string[] flags = ["--framing", framing == "udp" ? "raw" : framing, "--wait", framing == "raw" ? "4" : "1"];
        ToolResult one = await ToolProcess.RunAsync(["exec", .. flags, address, "--", "printf", "%s-%s", "a", "b"]);
        Assert.Equal((0, "a-b", ""), (one.ExitCode, one.Output, one.Error));
        int size = framing == "udp" ? 60_000 : 3_000_000;
        ToolResult large = await ToolProcess.RunAsync(["exec", .. flags, address, "--", "head", "-c", size.ToString(CultureInfo.InvariantCulture), "/dev/zero"]);
        Assert.Equal((0, size), (large.ExitCode, large.Output.Length));
        ToolResult loop = await ToolProcess.FeedAsync("echo one; echo err >&2\necho two\nquit\necho never\n", ["exec", .. flags, address]);
        Assert.Equal((0, "err\ntwo\n", ""), (loop.ExitCode, loop.Output, loop.Error));
    }

    /// <summary>Sends one line, and returns all that comes back.</summary>
    private static async Task<string> AskAsync(Address address, string line)
    {
        if (address.IsDatagram)
        {
            using DatagramClient client = await DatagramClient.ConnectAsync(address);
            await client.SendAsync(Encoding.UTF8.GetBytes(line));
            return Encoding.UTF8.GetString((await client.ReceiveAsync()).Span);
        }

        await using Connection connection = await Dialer.ConnectAsync(address);
        await connection.SendAsync(Encoding.UTF8.GetBytes(line));
        return Encoding.UTF8.GetString(await Shell.ReadAsync(connection.Stream));
    }

    private static async Task<string> ClientAsync(Place place, string framing, params string[] commands)
    {
        await using PythonPeer client = Start("exec_client.py", [framing, "127.0.0.1", place.Address.Port.ToString(CultureInfo.InvariantCulture), .. commands]);
        PythonResult result = await client.WaitForExitAsync();
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    private static PythonPeer Start(string script, string[] arguments)
    {
        try
        {
            return PythonPeer.Start(Path.Combine(AppContext.BaseDirectory, "peers", script), arguments, Shell.Patience);
        }
        catch (TestKitException e) when (e.Reason == TestKitError.PeerUnavailable)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    private static byte[] Zeros(int count) => new byte[count];

    private static string Line(ReadOnlySpan<byte> content) =>
        string.Create(CultureInfo.InvariantCulture, $"{content.Length} {(content.IsEmpty ? "none" : Convert.ToHexStringLower(SHA256.HashData(content)))}\n");
}
