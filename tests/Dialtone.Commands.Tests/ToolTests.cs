using System.Text.Json;
using Dialtone.Cli.Tests;

namespace Dialtone.Commands.Tests;

/// <summary><c>dialtone serve exec</c> and <c>dialtone exec</c>.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task A_command_there_looks_like_one_here()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult ran = await ToolProcess.FeedAsync("input", ["exec", served.Address, "--", "sh", "-c", "cat; echo err >&2; exit 7"]);
        Assert.Equal((7, "input", "err\n"), (ran.ExitCode, ran.Output, ran.Error));
    }

    [Theory] // H14
    [InlineData(0, "exit 0")]
    [InlineData(1, "exit 1")]
    [InlineData(255, "exit 255")]
    [InlineData(143, "kill $$")]
    [InlineData(137, "kill -9 $$")]
    public async Task Its_exit_code_is_ours(int code, string line)
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        Assert.Equal(code, (await ToolProcess.RunAsync("exec", "-n", served.Address, "--", "sh", "-c", line)).ExitCode);
    }

    [Fact] // H14
    public async Task What_could_not_be_run_has_the_codes_of_shells()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        Assert.Equal(127, (await RunAsync("no-such-program")).ExitCode);
        Assert.Equal(126, (await RunAsync("/etc/passwd")).ExitCode);
        ToolResult slow = await ToolProcess.RunAsync("exec", "-n", "--timeout", "0.3", served.Address, "--", "sleep", "987");
        Assert.Equal((124, "dialtone: the command was ended: it ran longer than it may.\n"), (slow.ExitCode, slow.Error));
        Assert.Equal(255, (await ToolProcess.RunAsync("exec", "tcp://127.0.0.1:1", "--", "true")).ExitCode);
        Assert.Equal(255, (await ToolProcess.RunAsync("exec", "--no-such-flag")).ExitCode);
        Assert.Equal(255, (await ToolProcess.RunAsync("exec")).ExitCode);

        Task<ToolResult> RunAsync(string program) => ToolProcess.RunAsync("exec", "-n", served.Address, "--", program);
    }

    [Fact]
    public async Task Variables_are_added_one_by_one()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult ran = await ToolProcess.RunAsync("exec", "-n", "--env", "A=1", "--env", "B=2 3", served.Address, "--", "sh", "-c", "echo $A-$B");
        Assert.Equal((0, "1-2 3\n"), (ran.ExitCode, ran.Output));
    }

    [Fact]
    public async Task A_kept_command_is_listed_and_come_back_to()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult first = await ToolProcess.RunAsync("exec", "-n", "--keep", served.Address, "--", "sh", "-c", "echo kept; exit 6");
        Assert.Equal((6, "kept\n"), (first.ExitCode, first.Output));
        string run = first.Error.Split("dialtone: run ")[1][..16];
        ToolResult list = await ToolProcess.RunAsync("exec", "--runs", served.Address);
        Assert.StartsWith($"{run}  ended 6", list.Output, StringComparison.Ordinal);
        ToolResult again = await ToolProcess.RunAsync("exec", "-n", "--attach", run, served.Address);
        Assert.Equal((6, "kept\n"), (again.ExitCode, again.Output));
        Assert.Equal(255, (await ToolProcess.RunAsync("exec", "-n", "--attach", "0123456789abcdef", served.Address)).ExitCode);
    }

    [Fact]
    public async Task Ctrl_C_reaches_the_command()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        await using ToolProcess tool = ToolProcess.Start("exec", "-n", served.Address, "--", "sh", "-c", "trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.05; done");
        Assert.Equal("up", await tool.ReadLineAsync());
        tool.Signal(2);
        ToolResult ended = await tool.EndAsync();
        Assert.Equal((5, "caught\n"), (ended.ExitCode, ended.Output));
    }

    [Fact]
    public async Task A_reader_that_has_enough_ends_the_command()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        string pipeline = $"'{ToolProcess.Program}' exec -n {served.Address} -- yes | head -n 1";
        Assert.Equal(0, await ShellAsync($"test \"$({pipeline})\" = y"));
    }

    [Fact]
    public async Task One_document_holds_it_all()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult ran = await ToolProcess.RunAsync("exec", "-n", "--json", served.Address, "--", "sh", "-c", "echo out; printf '\\377' >&2; exit 3");
        JsonElement document = JsonDocument.Parse(ran.Output).RootElement;
        Assert.Equal((3, "out\n", "/w==", 3), (ran.ExitCode, document.GetProperty("stdout").GetString(), document.GetProperty("stderrBase64").GetString(), document.GetProperty("exitCode").GetInt32()));
    }

    [Fact]
    public async Task A_script_goes_through_the_input_of_its_interpreter()
    {
        using var folder = new Folder();
        await using Served served = await Served.StartAsync("--allow-any-command");
        string script = folder.Write("script", "echo from script $((6*7))\nexit 4\n");
        ToolResult ran = await ToolProcess.RunAsync("exec", "--script", script, served.Address);
        Assert.Equal((4, "from script 42\n"), (ran.ExitCode, ran.Output));
    }

    [Fact]
    public async Task Many_hosts_are_told_apart()
    {
        using var folder = new Folder();
        await using Served one = await Served.StartAsync("--allow-any-command");
        await using Served two = await Served.StartAsync("--allow", folder.Write("rules.json", """{"rules": []}"""));
        string hosts = folder.Write("hosts", $"# ours\n{one.Address}\n{two.Address}   # refuses\n\n");
        ToolResult ran = await ToolProcess.RunAsync("exec", "--on", hosts, "--", "sh", "-c", "echo a; echo b");
        Assert.Equal((126, $"{one.Address}  a\n{one.Address}  b\n"), (ran.ExitCode, ran.Output));
        Assert.Contains($"{one.Address}    0  \n", ran.Error, StringComparison.Ordinal);
        Assert.Contains($"{two.Address}  126  No rule names the program 'sh'.\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explaining_runs_nothing_on_many_hosts_as_on_one()
    {
        using var folder = new Folder();
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult ran = await ToolProcess.RunAsync("exec", "--on", folder.Write("hosts", served.Address), "--explain", "--", "touch", folder["touched"]);
        Assert.Equal((0, ""), (ran.ExitCode, ran.Output));
        Assert.Equal($"{served.Address}    0  allowed: Any command is allowed.\n", ran.Error);
        Assert.False(File.Exists(folder["touched"]));
    }

    [Theory]
    [InlineData("--on: it is for one server", "--attach", "0123456789abcdef", "--on", "hosts")]
    [InlineData("--timeout: it starts nothing", "--attach", "0123456789abcdef", "--timeout", "3")]
    [InlineData("--json: it shows", "--attach", "0123456789abcdef", "--json")]
    [InlineData("--json: it answers", "--explain", "--json")]
    [InlineData("name a file", "--on", "hosts", "--script", "-")]
    public async Task Flags_that_would_be_passed_over_are_refused(string why, params string[] flags)
    {
        ToolResult ran = await ToolProcess.RunAsync(["exec", .. flags, "tcp://127.0.0.1:1"]);
        Assert.Equal((255, ""), (ran.ExitCode, ran.Output));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\\377b", 255)]
    [InlineData("a\\357\\277\\275b", 0)] // U+FFFD itself
    public async Task A_word_that_could_not_arrive_as_it_is_is_refused(string octets, int code)
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        Assert.Equal(code, await ShellAsync($"'{ToolProcess.Program}' exec -n {served.Address} -- printf %s \"$(printf '{octets}')\" >/dev/null 2>&1"));
    }

    [Fact]
    public async Task Many_hosts_may_be_as_many_documents()
    {
        using var folder = new Folder();
        await using Served served = await Served.StartAsync("--allow-any-command");
        string hosts = folder.Write("hosts", $"{served.Address}\ntcp://127.0.0.1:1\n");
        ToolResult ran = await ToolProcess.RunAsync("exec", "--on", hosts, "--json", "--", "sh", "-c", "echo out; exit 3");
        JsonElement[] documents = [.. ran.Output.Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement).OrderBy(each => each.GetProperty("exitCode").GetInt32())];
        Assert.Equal([3, 255], documents.Select(each => each.GetProperty("exitCode").GetInt32()));
        Assert.Equal((served.Address, "out\n"), (documents[0].GetProperty("address").GetString(), documents[0].GetProperty("stdout").GetString()));
        Assert.Contains("Nobody answers", documents[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(255, ran.ExitCode);
    }

    [Fact]
    public async Task What_is_no_text_is_not_lost_among_many_hosts()
    {
        using var folder = new Folder();
        await using Served served = await Served.StartAsync("--allow-any-command");
        string pipeline = $"'{ToolProcess.Program}' exec --on {folder.Write("hosts", served.Address)} -- printf 'a\\377b\\344' 2>/dev/null | od -An -tx1 | tr -d ' \n' | tail -c 10";
        Assert.Equal(0, await ShellAsync($"test \"$({pipeline})\" = 61ff62e40a"));
    }

    [Fact]
    public async Task What_a_command_leaves_behind_is_not_passed_over_in_silence()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        ToolResult ran = await ToolProcess.RunAsync("exec", "-n", served.Address, "--", "sh", "-c", "sleep 987 & echo done");
        Assert.Equal((0, "done\n", "dialtone: the command left processes behind; nothing more of them is shown.\n"), (ran.ExitCode, ran.Output, ran.Error));
    }

    [Fact]
    public async Task A_request_to_end_reaches_the_command_as_what_it_is()
    {
        await using Served served = await Served.StartAsync("--allow-any-command");
        await using ToolProcess tool = ToolProcess.Start("exec", "-n", served.Address, "--", "sh", "-c", "trap '' INT; echo up; exec sleep 987");
        Assert.Equal("up", await tool.ReadLineAsync());
        tool.Signal(15);
        Assert.Equal(143, (await tool.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("int32", 124, "did not answer within 0.3 s.", "--timeout", "0.3")]
    [InlineData("raw", 124, "did not answer within 0.3 s.", "--timeout", "0.3")]
    [InlineData("raw", 0, "nothing came within 0.3 s", "--wait", "0.3")]
    public async Task A_tutorial_server_that_says_nothing_is_no_success_in_silence(string framing, int code, string said, string flag, string value)
    {
        await using Served served = await Served.StartAsync("--allow-any-command", "--framing", framing);
        ToolResult ran = await ToolProcess.RunAsync("exec", "--framing", framing, flag, value, served.Address, "--", "sleep", "987");
        Assert.Equal((code, ""), (ran.ExitCode, ran.Output));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_ends_commands_in_time_to_tell_their_callers()
    {
        await using Served served = await Served.StartAsync("--allow-any-command", "--drain", "6");
        await using ToolProcess tool = ToolProcess.Start("exec", "-n", served.Address, "--", "sh", "-c", "trap 'echo bye; exit 6' TERM; echo up; while :; do sleep 0.05; done");
        Assert.Equal("up", await tool.ReadLineAsync());
        served.Stop();
        ToolResult ended = await tool.EndAsync();
        Assert.Equal((6, "bye\n"), (ended.ExitCode, ended.Output));
        Assert.EndsWith("dialtone: the command was ended: the server is stopping.\n", ended.Error, StringComparison.Ordinal); // behind what the shell says of its sleep
    }

    [Fact]
    public async Task A_policy_explains_itself_and_records_what_it_refuses()
    {
        using var folder = new Folder();
        string rules = folder.Write("rules.json", """{"rules": [{"name": "greet", "program": "/bin/echo", "arguments": [{"oneOf": ["hi", "hello"]}]}]}""");
        await using Served served = await Served.StartAsync("--allow", rules, "--audit", folder["audit"]);
        Assert.Equal("hi\n", (await ToolProcess.RunAsync("exec", "-n", served.Address, "--", "echo", "hi")).Output);
        ToolResult refused = await ToolProcess.RunAsync("exec", "--explain", served.Address, "--", "echo", "ho");
        Assert.Equal((126, "refused: Rule 'greet': argument 1: 'ho' is not one of 'hi', 'hello'.\n"), (refused.ExitCode, refused.Output));
        Assert.Equal(126, (await ToolProcess.RunAsync("exec", "-n", served.Address, "--", "echo", "ho")).ExitCode);
        string[] events = [.. File.ReadLines(folder["audit"]).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!)];
        Assert.Equal(["start", "end", "refused"], events);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(folder["audit"]) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Theory]
    [InlineData("No command is allowed yet.", "--listen", "tcp://127.0.0.1:0")]
    [InlineData("would own this machine", "--listen", "tcp://0.0.0.0:0", "--allow-any-command")]
    [InlineData("would own this machine", "--listen", "udp://0.0.0.0:0", "--framing", "raw", "--allow-any-command")]
    [InlineData("nobody could get in", "--listen", "udp://0.0.0.0:0", "--allow-any-command")]
    [InlineData("nobody could get in", "--listen", "udp://127.0.0.1:0", "--listen", "tcp://0.0.0.0:0", "--allow-any-command")]
    [InlineData("would own this machine", "--listen", "fd:3", "--allow-any-command")]
    [InlineData("--allow-key is for tls: addresses", "--listen", "tcp://127.0.0.1:0", "--allow-any-command", "--allow-key", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("exclude each other", "--allow-any-command", "--allow", "rules.json")]
    [InlineData("cannot be read", "--allow", "/no/such/file")]
    public async Task It_does_not_start_where_that_would_let_in_whoever_comes_by(string why, params string[] flags)
    {
        ToolResult ended = await ToolProcess.RunAsync(["serve", "exec", .. flags]);
        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains(why, ended.Error, StringComparison.Ordinal);
        Assert.Equal("", ended.Output);
    }

    [Fact]
    public async Task A_key_file_lets_in_over_tls()
    {
        using var folder = new Folder();
        string key = folder.Write("key", "a shared key of some length");
        await using Served served = await Served.StartInAsync(folder, "tls://127.0.0.1:0", "--allow-any-command", "--hmac-key-file", key);
        string known = folder["known"];
        ToolResult ran = await ToolProcess.RunAsync("exec", "-n", "--known-hosts", known, "--hmac-key-file", key, served.Address, "--", "echo", "in");
        Assert.Equal((0, "in\n"), (ran.ExitCode, ran.Output));
        ToolResult refused = await ToolProcess.RunAsync("exec", "-n", "--known-hosts", known, "--hmac-key-file", folder.Write("other", "another key of some length"), served.Address, "--", "echo", "in");
        Assert.Equal((255, ""), (refused.ExitCode, refused.Output));
        ToolResult keyless = await ToolProcess.RunAsync("exec", "-n", "--known-hosts", known, served.Address, "--", "echo", "in");
        Assert.Equal((255, ""), (keyless.ExitCode, keyless.Output));
        Assert.Contains("Does it want to know who calls", keyless.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_key_lets_in_over_tls_and_is_the_user()
    {
        using var folder = new Folder();
        string fingerprint = (await ToolProcess.RunAsync("key", "new", "--out", folder["key.pem"], "--name", "tester")).Output.Trim();
        await using Served served = await Served.StartInAsync(folder, "tls://127.0.0.1:0", "--allow-any-command", "--allow-key", fingerprint);
        ToolResult ran = await ToolProcess.RunAsync("exec", "-n", "--known-hosts", folder["known"], "--key", folder["key.pem"], served.Address, "--", "sh", "-c", "echo $DIALTONE_USER");
        Assert.Equal((0, fingerprint + "\n"), (ran.ExitCode, ran.Output));
        Assert.Equal(255, (await ToolProcess.RunAsync("exec", "-n", "--known-hosts", folder["known"], served.Address, "--", "echo", "in")).ExitCode);
    }

    [Fact]
    public async Task A_user_with_a_password_gets_in_and_so_does_the_users_key()
    {
        using var folder = new Folder();
        string accounts = folder["accounts.json"], password = WriteSecret(folder, "password", "correct horse");
        string fingerprint = (await ToolProcess.RunAsync("key", "new", "--out", folder["key.pem"], "--name", "alice")).Output.Trim();
        ToolResult added = await ToolProcess.RunAsync("user", "add", "alice", "--accounts", accounts, "--password-file", password, "--key", fingerprint);
        Assert.True(added.ExitCode == 0, added.Error);
        await using Served served = await Served.StartInAsync(folder, "tls://127.0.0.1:0", "--allow-any-command", "--accounts", accounts);
        string[] who = ["--", "sh", "-c", "echo $DIALTONE_USER"];
        string asAlice = served.Address.Replace("://", "://alice@", StringComparison.Ordinal);
        ToolResult ran = await ToolProcess.RunAsync(["exec", "-n", "--known-hosts", folder["known"], "--password-file", password, asAlice, .. who]);
        Assert.Equal((0, "alice\n"), (ran.ExitCode, ran.Output));
        ran = await ToolProcess.RunAsync(["exec", "-n", "--known-hosts", folder["known"], "--key", folder["key.pem"], served.Address, .. who]);
        Assert.Equal((0, "alice\n"), (ran.ExitCode, ran.Output));
        string wrong = WriteSecret(folder, "wrong", "wrong horse");
        Assert.Equal(255, (await ToolProcess.RunAsync(["exec", "-n", "--known-hosts", folder["known"], "--password-file", wrong, asAlice, .. who])).ExitCode);
    }

    [Fact]
    public async Task Datagrams_carry_on_where_tls_let_in()
    {
        using var folder = new Folder();
        string key = folder.Write("key", "a shared key of some length");
        await using Served served = await Served.StartInAsync(folder, "tls://127.0.0.1:0", 2, "--listen", "udp://127.0.0.1:0", "--allow-any-command", "--hmac-key-file", key);
        string[] flags = ["exec", "--known-hosts", folder["known"], "--hmac-key-file", key, "--udp", served.Address];
        ToolResult ran = await ToolProcess.FeedAsync("input", [.. flags, "--", "sh", "-c", "cat; echo err >&2; exit 7"]);
        Assert.Equal((7, "input", "err\n"), (ran.ExitCode, ran.Output, ran.Error.Split("remembered.\n")[^1]));
    }

    private static async Task<int> ShellAsync(string line)
    {
        using var shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", line]);
        await shell.WaitForExitAsync().WaitAsync(Shell.Patience);
        return shell.ExitCode;
    }

    private static string WriteSecret(Folder folder, string name, string text)
    {
        string path = folder.Write(name, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>A server of the tool.</summary>
    private sealed class Served(ToolProcess tool, string address) : IAsyncDisposable
    {
        public string Address => address;

        public void Stop() => tool.Signal(15);

        public static async Task<Served> StartAsync(params string[] flags)
        {
            (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, ["exec", "--listen", "tcp://127.0.0.1:0", .. flags]);
            return new Served(tool, addresses[0].ToString());
        }

        public static Task<Served> StartInAsync(Folder home, string listen, params string[] flags) => StartInAsync(home, listen, 1, flags);

        public static async Task<Served> StartInAsync(Folder home, string listen, int addresses, params string[] flags)
        {
            ToolProcess tool = ToolProcess.StartWith(home.Home, ["serve", "exec", "--listen", listen, .. flags]);
            return new Served(tool, (await tool.AddressesAsync(addresses))[0].ToString());
        }

        public ValueTask DisposeAsync() => tool.DisposeAsync();
    }
}
