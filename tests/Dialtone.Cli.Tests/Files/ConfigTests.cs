namespace Dialtone.Cli.Tests;

public sealed class ConfigTests
{
    [Fact]
    public async Task Every_mistake_is_told_with_its_line()
    {
        using var folder = new Folder();
        string path = folder.Write("files.json", """
            // line 1
            {
                "root": "data",
                "quotta": "10G",
                "quota": "ten",
                "max-connections": "12",
                "drain": -3, /* a comment */
                "listen": { "port": 7070 },
                "root": "elsewhere",
                "verbose": "yes",
                "max-per-address": 0,
                "audit": ["a", "b"],
                "--tls-cert": "x.pem",
                "config": "other.json",
                "hmac-key-file": ["a.key", 7],
            }
            """);
        ToolResult check = await ToolProcess.RunWithAsync("", folder.Home, "config", "check", path);
        Assert.Equal((2, ""), (check.ExitCode, check.Output));
        string[] lines = check.Error.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.StartsWith($"{path}:", line, StringComparison.Ordinal));
        void Tells(int line, string what) => Assert.Contains(lines, text => text.StartsWith($"{path}:{line}: ", StringComparison.Ordinal) && text.Contains(what, StringComparison.Ordinal));
        Tells(3, "no folder");
        Tells(4, "Did you mean quota?");
        Tells(5, "'ten' is not a size");
        Tells(6, "a number, without quotes");
        Tells(7, "drain: '-3'");
        Tells(8, "text in quotes, or a list");
        Tells(9, "the first is in line 3");
        Tells(10, "true or false");
        Tells(11, "at least 1");
        Tells(12, "one value, not a list");
        Tells(13, "without their dashes: tls-cert");
        Tells(14, "no setting 'config'");
        Tells(15, "a.key");
        Tells(15, "text in quotes");
        Assert.Equal(14, lines.Length);
    }

    [Theory]
    [InlineData("", 1, "not JSON")]
    [InlineData("[]", 1, "one JSON object")]
    [InlineData("{\n\"root\": \"/\",\n\"quota\" \"1G\" }", 3, "not JSON")]
    [InlineData("{\n}\n{}", 3, "not JSON")]
    [InlineData("{ \"root\": \"\\ud800\" }", 1, "surrogate")]
    [InlineData("{ \"quota\": null }", 1, "text in quotes")]
    [InlineData("{\n\n\"evil\u001b[31m\": 1}", 3, "not JSON")]
    [InlineData("{\n\n\"evil\\u001b[31m\": 1}", 3, @"'evil\u{1b}[31m'")]
    public async Task A_file_that_is_none_is_told_by_its_line(string content, int line, string what)
    {
        using var folder = new Folder();
        string path = folder.Write("files.json", content);
        ToolResult check = await ToolProcess.RunWithAsync("", folder.Home, "config", "check", path);
        Assert.Equal(2, check.ExitCode);
        Assert.StartsWith($"{path}:{line}: ", check.Error, StringComparison.Ordinal);
        Assert.Contains(what, check.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', check.Error);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_told_by_their_line()
    {
        using var folder = new Folder();
        await File.WriteAllBytesAsync(folder["files.json"], [.. "{\n\"root\": \""u8, 0xff, .. "\"}"u8]);
        ToolResult check = await ToolProcess.RunWithAsync("", folder.Home, "config", "check", folder["files.json"]);
        Assert.Equal((2, $"{folder["files.json"]}:2: This is not UTF-8.\n"), (check.ExitCode, check.Error));
    }

    [Fact]
    public async Task What_is_good_is_called_good()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        string path = folder.Write("files.json", """
            {   // all kinds of values
                "root": "data", "listen": "tcp://127.0.0.1:0", "quota": 1048576, "quota-files": 10,
                "drain": 0.5, "anonymous": "read", "verbose": false, "max-connections": 7,
            }
            """);
        ToolResult check = await ToolProcess.RunWithAsync("", folder.Home, "config", "check", path);
        Assert.Equal((0, $"{path} is good.\n", ""), (check.ExitCode, check.Output, check.Error));
        Assert.Equal(["data", "files.json"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("exec", """{ "listen": "tcp://0.0.0.0:0",\n"allow": "none.json",\n"cwd": "/nowhere/at/all",\n"quota": 1 }""", "2:none.json", "3:no folder", "4:no setting 'quota'")]
    [InlineData("exec", """{ "allow-any-command": true,\n"listen": "tcp://0.0.0.0:0" }""", "2:own this machine")]
    [InlineData("echo", """{ "idle": 5,\n"hmac-key-file": "none.key",\n"framing": "morse" }""", "1:nothing to listen on", "2:none.key", "3:framing")]
    [InlineData("upper", """{ "listen": "tcp://127.0.0.1:0",\n"root": "/" }""", "2:no setting 'root'")]
    public async Task Every_server_has_its_mistakes_told(string server, string content, params string[] expected)
    {
        using var folder = new Folder();
        string path = folder.Write("server.json", content.Replace("\\n", "\n", StringComparison.Ordinal));
        ToolResult check = await ToolProcess.RunWithAsync("", folder.Home, "config", "check", path, "--server", server);
        Assert.Equal((2, ""), (check.ExitCode, check.Output));
        string[] lines = check.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(expected.Length, lines.Length);
        foreach (string mistake in expected)
        {
            string[] parts = mistake.Split(':', 2);
            Assert.Contains(lines, line => line.StartsWith($"{path}:{parts[0]}: ", StringComparison.Ordinal) && line.Contains(parts[1], StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_server_reads_its_config_file_and_the_command_line_wins()
    {
        using var folder = new Folder();
        string path = folder.Write("server.json", """{ "listen": "tcp://127.0.0.1:0", "framing": "line" }""");
        Assert.Equal(0, (await ToolProcess.RunWithAsync("", folder.Home, "config", "check", path, "--server", "upper")).ExitCode);
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--config", path);
        await using (server)
            Assert.Equal("HELLO\n", (await ToolProcess.FeedAsync("hello\n", "call", "--framing", "line", addresses[0].ToString())).Output);
        (ToolProcess other, addresses) = await ToolProcess.ServeAsync(1, "upper", "--config", path, "--listen", $"unix://{folder["s"]}");
        await using (other)
            Assert.Equal(AddressScheme.Unix, addresses[0].Scheme);
        ToolResult unknown = await ToolProcess.RunAsync("config", "check", path, "--server", "nothing");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("files, upper, echo, exec", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_file_that_is_missing_is_told_by_its_path()
    {
        using var folder = new Folder();
        ToolResult check = await ToolProcess.RunAsync("config", "check", folder["none.json"]);
        Assert.Equal((5, ""), (check.ExitCode, check.Output));
        Assert.Contains(folder["none.json"], check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_refuses_a_config_file_with_mistakes_and_says_where_the_first_is()
    {
        using var folder = new Folder();
        string path = folder.Write("files.json", "{\n\"quotta\": 1,\n\"drain\": true }");
        ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, "serve", "--config", path);
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.StartsWith($"dialtone: {path}:2: ", end.Error, StringComparison.Ordinal);
        Assert.Contains($"'dialtone config check {path}' tells 1 more.", end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("500K", 500 * 1024)]
    [InlineData("10M", 10L << 20)]
    [InlineData("10MiB", 10L << 20)]
    [InlineData("10mb", 10L << 20)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData("2 T", 2L << 40)]
    public void Sizes_are_powers_of_1024(string text, long bytes) => Assert.Equal(bytes, Values.Size(text));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("10X")]
    [InlineData("1e3")]
    [InlineData("1,5G")]
    [InlineData("99999999999999999999T")]
    public void What_is_no_size_is_told(string text) => Assert.Contains("powers of 1024", Assert.Throws<FormatException>(() => Values.Size(text)).Message, StringComparison.Ordinal);
}
