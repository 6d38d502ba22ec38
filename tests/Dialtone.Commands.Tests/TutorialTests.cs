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
