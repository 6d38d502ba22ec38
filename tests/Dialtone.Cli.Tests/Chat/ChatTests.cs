using System.Text.Json;
using static Dialtone.Cli.Tests.Sitting;

namespace Dialtone.Cli.Tests;

public sealed class ChatTests
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Tab = "\t", Up = "\e[A";

    [Fact]
    public async Task Piped_lines_are_messages_and_it_ends_when_each_was_delivered_or_failed()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        await using ToolProcess bob = house.Join("--name", "bob");
        await bob.Input.WriteLineAsync("/who");
        await bob.Input.FlushAsync();
        Assert.Equal("* 1 in lobby: bob", await bob.ReadLineAsync());
        ToolResult good = await house.ChatAsync("one\n\ntwo 中文\n//etc\n/msg bob psst\n@operator hello\n/who\n/history 1", "--name", "ann");
        Assert.Equal((0, ""), (good.ExitCode, good.Error));
        Assert.Contains("* 2 in lobby: ann, bob\n", good.Output, StringComparison.Ordinal);
        Assert.Contains("[lobby] ann: /etc\n", good.Output, StringComparison.Ordinal);
        foreach (string line in (string[])["[lobby] ann: one", "[lobby] ann: two 中文", "[lobby] ann: /etc", "ann: psst"])
            Assert.Equal(line, await bob.ReadLineAsync());
        foreach (string line in (string[])["[lobby] ann: one", "[lobby] ann: two 中文", "[lobby] ann: /etc", "ann hello"])
            Assert.Equal(line, await house.Server.ReadLineAsync());

        ToolResult bad = await house.ChatAsync("/msg nobody hello\n/leave attic\nlast\n", "--name", "ann");
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("dialtone: Not told to nobody: nobody of that name is here: hello\n", bad.Error, StringComparison.Ordinal);
        Assert.Equal("[lobby] ann: last", await bob.ReadLineAsync());

        ToolResult json = await house.ChatAsync("""{"text":"in\nlines"}""" + "\nplain\n" + """{"text":"x","to":"nobody"}""", "--name", "ann", "--json");
        JsonElement[] lines = [.. json.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(1, json.ExitCode);
        Assert.Equal("no-such-name", lines.Single(line => KindOf(line) == "error").GetProperty("error").GetString());
        long[] sent = [.. lines.Where(line => KindOf(line) == "sent").Select(line => line.GetProperty("id").GetInt64())];
        Assert.Equal(sent, lines.Where(line => KindOf(line) == "delivery").Select(line => line.GetProperty("id").GetInt64()).Distinct());
        Assert.Equal(@"[lobby] ann: in\u{a}lines", await bob.ReadLineAsync());
        bob.Signal(ToolProcess.Interrupt);
        Assert.Equal(130, (await bob.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task At_a_terminal_the_typed_line_stays_whole_and_marks_say_what_arrived()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        await using ToolProcess bob = house.Join("--name", "小明");
        await bob.Input.WriteLineAsync("/who");
        await bob.Input.FlushAsync();
        await bob.ReadLineAsync();
        Task<string> sitting = house.SitAsync(
            ["--name", "ann"],
            See("2 here"), Type("half a "), See("> half a "), See("小明: 宽的字 🙂\e[K"), Type("line\r"), See("✓ you: half a line"),
            Type("/msg nobody hi\r"), See("✗ you → nobody: hi"), Type($"@小{Tab}"), See("> @小明 "), Type("psst\r"), See("✓ you → 小明: psst"),
            Type($"{Up}\r"), See("✓ you → 小明: psst"), Type("/who\r"), See("2 in lobby: ann, 小明"), Type("x\u007f"), Type(CtrlD));
        while (!sitting.IsCompleted)
        {
            await bob.Input.WriteLineAsync("宽的字 🙂"); // again and again, so that one comes in the middle of the line
            await bob.Input.FlushAsync();
            await Task.WhenAny(sitting, Task.Delay(300));
        }

        Assert.EndsWith("exit 0", await sitting, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_terminal_knows_no_unicode_marks_are_plain_letters()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        var environment = new Dictionary<string, string>(house.Environment) { ["LC_ALL"] = "C" };
        Assert.EndsWith("exit 0", await ChatHouse.SitAsync(
            environment, ["chat", house.Place, "--name", "ann"],
            See("-- lobby  1 here  ann ---"), Type("hello\r"), See(" + you: hello  (nobody else is there)"), Type("@x y\r"), See(" ! you to x: y"), Type("/quit\r")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_that_cannot_be_painted_on_gets_lines()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        var environment = new Dictionary<string, string>(house.Environment) { ["TERM"] = "dumb" };
        Assert.Equal("seen seen exit 1", await RunAsync(
            environment, ["chat", house.Place, "--name", "ann"], Type("/who\n"), See("* 1 in lobby: ann\r\n"), Type("/msg nobody hi\n"), See("Not told to nobody"), Type("/quit\n")));
    }

    [Fact]
    public async Task A_room_with_a_password_lets_in_who_knows_it_and_asks_at_a_terminal_without_showing_it()
    {
        using var files = new Folder();
        string right = files.Write("right", "open sesame\n"), wrong = files.Write("wrong", "barley\n");
        await using ChatHouse house = await ChatHouse.OpenAsync("--room", $"staff:{right}", "--room", "lobby");
        Assert.Equal(0, (await house.ChatAsync("hello\n", "--name", "ann", "--room", "staff", "--room-password-file", right)).ExitCode);
        Assert.Equal("[staff] ann: hello", await house.Server.ReadLineAsync());
        ToolResult refused = await house.ChatAsync("hello\n", "--name", "ann", "--room", "staff", "--room-password-file", wrong);
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains("password", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await house.ChatAsync("", "--room", "attic")).ExitCode);
        Assert.EndsWith("exit 0", await house.SitAsync(
            ["--name", "ann"], See("You are ann, in lobby"), Type("/room staff\r"), See("Password of staff: "), Type("open sesame"), See("***********"),
            Type("\r"), See("staff  1 here"), Type("in here\r"), See("you: in here"), Type(CtrlC)), StringComparison.Ordinal);
        Assert.Equal("[staff] ann: in here", await house.Server.ReadLineAsync());
    }

    [Fact]
    public async Task Who_asks_for_no_name_gets_one_like_the_users_and_who_asks_for_a_taken_one_is_told()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        await using ToolProcess ann = house.Join("--name", "ann"), first = house.Join(), second = house.Join();
        foreach (ToolProcess each in (ToolProcess[])[ann, first, second])
        {
            await each.Input.WriteLineAsync("/who");
            await each.Input.FlushAsync();
            Assert.StartsWith("* ", await each.ReadLineAsync(), StringComparison.Ordinal);
        }

        ToolResult taken = await house.ChatAsync("hello\n", "--name", "ANN");
        Assert.Equal((1, ""), (taken.ExitCode, taken.Output));
        Assert.Contains("--name", taken.Error, StringComparison.Ordinal);
        ToolResult bad = await house.ChatAsync("hello\n", "--name", "a b");
        Assert.Equal(2, bad.ExitCode);
    }

    [Fact]
    public async Task A_file_is_said_no_faster_than_the_server_takes_it()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync("--rate", "5");
        string[] lines = [.. Enumerable.Range(1, 14).Select(i => $"line {i}")];
        ToolResult end = await house.ChatAsync(string.Join('\n', lines), "--name", "ann");
        Assert.Equal(0, end.ExitCode);
        Assert.DoesNotContain("Not told", end.Error, StringComparison.Ordinal);
        foreach (string line in lines)
            Assert.Equal($"[lobby] ann: {line}", await house.Server.ReadLineAsync());
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("gbk")]
    public async Task Plain_text_reaches_the_tutorials_server_and_its_answers_are_shown(string encoding)
    {
        await using PythonPeer server = PythonPeer.Start(Path.Combine(AppContext.BaseDirectory, "peers", "chat_server.py"), [encoding, "4"], TimeSpan.FromSeconds(60));
        string place = $"udp://127.0.0.1:{await server.ReadLineAsync()}";
        ToolResult end = await ToolProcess.FeedAsync("在吗\nhello\n", "chat", "--plain", "--encoding", encoding, place);
        Assert.Equal((0, "在吗? 好\nhello? 好\n", ""), (end.ExitCode, end.Output, end.Error));
        using var folder = new Folder();
        Assert.EndsWith("exit 0", await ChatHouse.SitAsync(
            ChatHouse.Settings(folder), ["chat", "--plain", "--encoding", encoding, place], See("── "), Type("宽\r"), See("✓ you: 宽"), See("宽? 好"), Type("x\r"), See("✓ you: x"), Type(CtrlD)), StringComparison.Ordinal);
        Assert.Equal("127.0.0.1 在吗\n127.0.0.1 hello\n127.0.0.1 宽\n127.0.0.1 x\n", (await server.WaitForExitAsync()).Output);

        ToolResult silence = await ToolProcess.FeedAsync("anybody?\n", "chat", "--plain", place, "--wait", "0.3");
        Assert.Equal((1, ""), (silence.ExitCode, silence.Output));
    }

    [Fact]
    public async Task A_datagram_that_nobody_answers_keeps_nobody_from_leaving()
    {
        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        silent.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        using var folder = new Folder();
        int port = ((System.Net.IPEndPoint)silent.LocalEndPoint!).Port;
        Assert.EndsWith("exit 0", await ChatHouse.SitAsync(
            ChatHouse.Settings(folder), ["chat", "--plain", $"127.0.0.1:{port}"], See("── 127.0.0.1"), Type("x\r"), See("· you: x"), Type("/quit\r")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat", "ADDRESS is missing")]
    [InlineData("chat udp://127.0.0.1:1", "With --plain")]
    [InlineData("chat tcp://127.0.0.1:1", "dialtone call")]
    [InlineData("chat --plain ann@127.0.0.1", "logs in nowhere")]
    [InlineData("chat --plain 127.0.0.1:1 --room x", "native protocol")]
    [InlineData("chat 127.0.0.1:1 --encoding gbk", "UTF-8")]
    [InlineData("chat ann:secret@127.0.0.1", "never written there")]
    public async Task What_cannot_be_called_is_a_usage_error(string words, string advice)
    {
        ToolResult end = await ToolProcess.RunAsync(words.Split(' '));
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_serves_it_cannot_be_reached() =>
        Assert.Equal(3, (await ToolProcess.FeedAsync("hello\n", "chat", "127.0.0.1:1")).ExitCode);

    private static string? KindOf(JsonElement line) => line.GetProperty("type").GetString();
}
