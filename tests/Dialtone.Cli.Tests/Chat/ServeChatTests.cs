using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using static Dialtone.Cli.Tests.Sitting;

namespace Dialtone.Cli.Tests;

public sealed class ServeChatTests
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004", Down = "\e[B";

    [Fact]
    public async Task A_script_of_ten_lines_is_the_operator_of_three_clients_at_once()
    {
        using var folder = new Folder();
        string[] words = ["serve", "chat", "--listen", "udp://127.0.0.1:0", "--listen", "tls://127.0.0.1:0"];
        await using PythonPeer bot = PythonPeer.Start(
            Path.Combine(AppContext.BaseDirectory, "peers", "chat_bot.py"), ["/usr/bin/env", $"XDG_CONFIG_HOME={folder.Path}", ToolProcess.Program, .. words], TimeSpan.FromSeconds(90));
        Address udp = (await bot.ReadLineAsync())!["listening ".Length..], tls = (await bot.ReadLineAsync())!["listening ".Length..];
        Task<PythonResult>[] clients = [.. Enumerable.Range(0, 3).Select(i => ChatHouse.AskPlainAsync(udp.Port, "utf-8", $"hello {i}", $"你好 {i}", "the end"))];
        for (int i = 0; i < 3; i++)
            Assert.Equal($"127.0.0.1: HELLO {i}\n127.0.0.1: 你好 {i}\n127.0.0.1: THE END\n", (await clients[i]).Output);
        await using ToolProcess native = ToolProcess.StartWith(folder.Home, "chat", $"127.0.0.1:{tls.Port}", "--name", "ann");
        await native.Input.WriteLineAsync("/msg operator native");
        await native.Input.FlushAsync();
        Assert.Equal("operator: NATIVE", await native.ReadLineAsync());
        native.Input.Close();
        Assert.Equal(0, (await native.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Messages_and_answers_are_lines_and_the_end_of_input_stops_nothing()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        using Socket plain = ChatHouse.PlainSocket(house.Udp);
        plain.Send("what\e[2J is\nit?\u202e"u8);
        string who = $"{plain.LocalEndPoint}";
        Assert.Equal($@"{who} what\u{{1b}}[2J is\u{{a}}it?\u{{202e}}", await house.Server.ReadLineAsync());
        await house.Server.Input.WriteAsync($"nobody hello\n{who} it is late\nword\n{who} again\n[attic] hello\n/fly\n/who\n");
        await house.Server.Input.FlushAsync();
        Assert.Equal("it is late", ChatHouse.Hear(plain));
        await house.Server.UntilErrorAsync($"dialtone: {who}  address not proven");
        foreach (string complaint in (string[])["Not told to nobody: nobody", "'word' is not an answer", $"Not told to {who}: ", "Not told to [attic]: there is no such room", "no command /fly"])
            Assert.Contains(complaint, house.Server.Error, StringComparison.Ordinal);

        house.Server.Input.Close();
        await using ToolProcess ann = house.Join("--name", "ann");
        await ann.Input.WriteLineAsync("hello all");
        await ann.Input.FlushAsync();
        Assert.Equal("[lobby] ann: hello all", await house.Server.ReadLineAsync());
        plain.Send("still there?"u8);
        Assert.Equal($"{who} still there?", await house.Server.ReadLineAsync());
        house.Server.Signal(ToolProcess.Interrupt);
        Assert.Equal(0, (await house.Server.EndAsync()).ExitCode);
        ToolResult left = await ann.EndAsync();
        Assert.Equal(1, left.ExitCode);
        Assert.Contains("The conversation is over: the server is stopping.", left.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_json_every_line_is_an_object_and_answers_may_be_too()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync("--json");
        JsonElement udp = await NextAsync(house.Server, "listening"), tls = await NextAsync(house.Server, "listening");
        await NextAsync(house.Server, "listening");
        using Socket plain = ChatHouse.PlainSocket(Address.Parse(udp.GetProperty("address").GetString()!).Port);
        plain.Send("two\nlines"u8);
        JsonElement message = await NextAsync(house.Server, "message");
        Assert.Equal("two\nlines", message.GetProperty("text").GetString());
        Assert.Equal($"{plain.LocalEndPoint}", message.GetProperty("from").GetString());
        Assert.Equal((false, "operator"), (message.GetProperty("verified").GetBoolean(), message.GetProperty("to").GetString()));
        long id = message.GetProperty("id").GetInt64();
        string answer = JsonSerializer.Serialize(new { answer = id, text = "three\nlines\nback" });
        await house.Server.Input.WriteAsync($"{answer}\n{answer}\n{{\"text\":1}}\n");
        await house.Server.Input.FlushAsync();
        Assert.Equal("three\nlines\nback", ChatHouse.Hear(plain));
        Assert.Equal("nothing-to-answer", (await NextAsync(house.Server, "error")).GetProperty("error").GetString());
        Assert.Equal("bad-request", (await NextAsync(house.Server, "error")).GetProperty("error").GetString());

        Address place = tls.GetProperty("address").GetString()!;
        ToolResult ann = await ToolProcess.RunWithAsync("hello\n", house.Environment, ["chat", $"127.0.0.1:{place.Port}", "--name", "ann"]);
        Assert.Equal(0, ann.ExitCode);
        JsonElement came = await NextAsync(house.Server, "presence");
        Assert.Equal(("ann", "lobby", true), (came.GetProperty("name").GetString(), came.GetProperty("room").GetString(), came.GetProperty("here").GetBoolean()));
        JsonElement said = await NextAsync(house.Server, "message");
        Assert.Equal(("lobby", true), (said.GetProperty("room").GetString(), said.GetProperty("verified").GetBoolean()));
    }

    [Fact]
    public async Task Programs_that_speak_gbk_are_answered_in_it()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync("--encoding", "gbk");
        Task<PythonResult> client = house.AskPlainAsync("gbk", "在吗？");
        string line = (await house.Server.ReadLineAsync())!;
        Assert.EndsWith(" 在吗？", line, StringComparison.Ordinal);
        await house.Server.Input.WriteLineAsync($"{line.Split(' ')[0]} 在的");
        await house.Server.Input.FlushAsync();
        Assert.Equal("127.0.0.1: 在的\n", (await client).Output);
    }

    [Fact]
    public async Task The_operator_at_a_terminal_sees_who_asks_and_answers_by_typing()
    {
        using var folder = new Folder();
        Task<string> sitting = ChatHouse.SitAsync(
            ChatHouse.Settings(folder), ["serve", "chat", "--listen", "udp://127.0.0.1:0", "--listen", "tls://127.0.0.1:0", "--ready-file", folder["ready"]],
            See("nobody waits for an answer"), See("▸"), See("可以帮我吗"), See("2 unanswered"), Type("half a "), See("> half a "), Type("sentence"),
            See("> half a sentence"), Type(Down), See("answer 127.0.0.1:"), Type("\r"), See(": half a sentence"), See("1 unanswered"),
            Type("不客气\r"), See(": 不客气"), See("nobody waits"), Type("/fly\r"), See("no command /fly"), Type(CtrlC));
        int port = await PortAsync(folder["ready"]);
        using Socket first = ChatHouse.PlainSocket(port), second = ChatHouse.PlainSocket(port);
        first.Send("可以帮我吗 🙂 this one is so long that a row of sixty columns does not hold it\e[2J"u8);
        second.Send("and me?"u8);
        // Whoever came second was chosen, and is answered first.
        Assert.Equal("half a sentence", ChatHouse.Hear(second));
        Assert.Equal("不客气", ChatHouse.Hear(first));
        string seen = await sitting;
        Assert.EndsWith(" seen seen exit 0", seen, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["ready"]));
    }

    [Theory]
    [InlineData("TERM", 0)]
    [InlineData("INT", 0)]
    [InlineData("QUIT", 131)]
    public async Task However_it_is_ended_the_terminal_is_given_back(string signal, int code)
    {
        using var folder = new Folder();
        (string seen, string id) = (folder["seen"], folder["id"]);
        string script = $"before=$(stty -g); (while [ ! -f {seen} ]; do sleep 0.05; done; kill -{signal} $(cat {id})) & "
            + $"sh -c 'ulimit -c 0; echo $$ > {id}; exec \"$@\"' sh \"$@\"; code=$?; [ \"$before\" = \"$(stty -g)\" ] && echo as it was; exit $code";
        PythonResult end = await PythonPeer.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "peers", "terminal.py"),
            [
                "/usr/bin/env", .. ChatHouse.Settings(folder).Select(item => $"{item.Key}={item.Value}"),
                "sh", "-c", script, "sh", ToolProcess.Program, "serve", "chat", "--listen", "udp://127.0.0.1:0",
            ],
            See("nobody waits") + Sitting.Touch(seen) + See("\e[?1049l") + See("as it was"), TimeSpan.FromSeconds(60));
        Assert.Equal(("", $"seen\nseen\nseen\nexit {code}\n"), (end.Error, end.Output));
    }

    [Fact]
    public async Task A_server_whose_terminal_is_closed_stops()
    {
        using var folder = new Folder();
        Assert.EndsWith("exit 0", await RunAsync(
            ChatHouse.Settings(folder), ["serve", "chat", "--listen", "udp://127.0.0.1:0"], See("nobody waits"), "hang up\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_start_says_what_others_type()
    {
        await using ChatHouse house = await ChatHouse.OpenAsync();
        await house.Server.UntilErrorAsync($"  lines  nc 127.0.0.1 {house.Lines.Port}\n");
        Assert.Contains($"  join   dialtone chat {house.Place}\n", house.Server.Error, StringComparison.Ordinal);
        Assert.Contains($"  ask    nc -u 127.0.0.1 {house.Udp}   or   dialtone chat --plain 127.0.0.1:{house.Udp}\n", house.Server.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen udp://0.0.0.0:0", "--allow-anyone")]
    [InlineData("--listen tls://0.0.0.0:0", "--allow-anyone")]
    [InlineData("--also tcp://0.0.0.0:0", "--allow-anyone")]
    [InlineData("--room a:b:", "The password file b: cannot be read")]
    [InlineData("--room :x", "NAME or NAME:FILE")]
    [InlineData("--max-answer 70000", "from 1 to 65507")]
    [InlineData("--encoding klingon", "not an encoding")]
    public async Task What_would_let_strangers_in_or_cannot_be_understood_does_not_start(string words, string advice)
    {
        using var folder = new Folder();
        ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, ["serve", "chat", .. words.Split(' ')]);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
        Assert.Equal("", end.Output);
        Assert.InRange(end.ExitCode, 2, 5);
    }

    [Fact]
    public async Task A_config_file_is_read_and_its_mistakes_are_told()
    {
        using var folder = new Folder();
        string good = folder.Write("good.json", """{"listen": ["udp://127.0.0.1:0"], "room": ["attic"], "rate": 5, "no-plain": false}""");
        Assert.Equal(0, (await ToolProcess.RunAsync("config", "check", good, "--server", "chat")).ExitCode);
        await using ToolProcess server = ToolProcess.StartWith(folder.Home, "serve", "chat", "--config", good);
        await server.AddressesAsync(1);
        await server.Input.WriteAsync("/rooms\n");
        await server.Input.FlushAsync();
        await server.UntilErrorAsync("attic  0 in it");
        string bad = folder.Write("bad.json", "{\n\"listen\": [\"udp://*:0\"],\n\"room\": [\"a:none\"],\n\"accounts\": \"none\"\n}");
        ToolResult check = await ToolProcess.RunAsync("config", "check", bad, "--server", "chat");
        Assert.Equal(2, check.ExitCode);
        foreach (string mistake in (string[])[":2: At udp://*:0 anybody", ":3: The password file none", ":4: "])
            Assert.Contains(bad + mistake, check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_accounts_and_without_plain_text_other_machines_may_reach_it()
    {
        using var folder = new Folder();
        var alone = new Dictionary<string, string>(folder.Home) { ["DIALTONE_PASSWORD"] = "open sesame" };
        ToolResult added = await ToolProcess.RunWithAsync("", alone, "user", "add", "ann", "--accounts", folder["accounts"]);
        Assert.Equal(0, added.ExitCode);
        await using ToolProcess server = ToolProcess.StartWith(
            folder.Home, "serve", "chat", "--accounts", folder["accounts"], "--no-plain", "--listen", "tls://0.0.0.0:0", "--listen", "udp://0.0.0.0:0");
        string place = $"127.0.0.1:{(await server.AddressesAsync(2))[0].Port}";
        Assert.Equal(0, (await ToolProcess.RunWithAsync("hello\n", alone, "chat", $"ann@{place}")).ExitCode);
        Assert.Equal("[lobby] ann: hello", await server.ReadLineAsync());
        ToolResult stranger = await ToolProcess.RunWithAsync("hello\n", folder.Home, "chat", place);
        Assert.Equal(4, stranger.ExitCode);
        Assert.Contains("USER@HOST", stranger.Error, StringComparison.Ordinal);
        alone["DIALTONE_PASSWORD"] = "barley";
        Assert.Equal(4, (await ToolProcess.RunWithAsync("hello\n", alone, "chat", $"ann@{place}")).ExitCode);
    }

    private static async Task<JsonElement> NextAsync(ToolProcess tool, string type)
    {
        while (true)
        {
            using JsonDocument json = JsonDocument.Parse((await tool.ReadLineAsync())!);
            if (json.RootElement.GetProperty("type").GetString() == type)
                return json.RootElement.Clone();
        }
    }

    private static async Task<int> PortAsync(string readyFile)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!File.Exists(readyFile))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It is not ready.");
            await Task.Delay(20);
        }

        return Address.Parse(File.ReadAllLines(readyFile)[0]["listening ".Length..]).Port;
    }
}
