using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Dialtone.Cli.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class ServeFilesTests
{
    [Fact]
    public async Task Serve_alone_means_files_and_prints_one_line_per_listener()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0", $"unix://{folder["socket"]}");
        foreach (Address address in await tool.AddressesAsync(2))
        {
            using FilesCaller caller = await FilesCaller.ConnectAsync(address);
            Assert.Equal("ok", await caller.PutAsync("/a", "hello"));
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(folder["data/a"]));
        tool.Signal(ToolProcess.Terminate);
        ToolResult end = await tool.EndAsync();
        Assert.Equal((0, ""), (end.ExitCode, end.Output));
    }

    [Fact]
    public async Task Strangers_may_do_what_the_operator_says_and_no_more()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        await File.WriteAllTextAsync(folder["data/a"], "hello");
        await using ToolProcess tool = Serve(folder, "--anonymous", "read", "--listen", "tcp://127.0.0.1:0");
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        Assert.Equal("ok", await caller.AskAsync("""{"id":1,"cmd":"stat","path":"/a"}"""));
        Assert.NotEqual("ok", await caller.PutAsync("/b", "hello"));
        Assert.False(File.Exists(folder["data/b"]));
    }

    [Fact]
    public async Task Whoever_passes_the_door_may_read_and_write()
    {
        using var folder = new Folder();
        string key = folder.Write("door.key", "a key for the door\n");
        await using ToolProcess tool = Serve(folder, "--listen", "tcp://127.0.0.1:0", "--hmac-key-file", key, "--hmac", "md5");
        Address address = (await tool.AddressesAsync(1))[0];
        using FilesCaller caller = await FilesCaller.ConnectAsync(address);
        byte[] challenge = await caller.ReadAsync(32);
#pragma warning disable CA5351 // the tutorials' digest
        await caller.SendAsync(HMACMD5.HashData("a key for the door"u8, challenge));
#pragma warning restore CA5351
        Assert.Equal("ok", await caller.PutAsync("/a", "hello"));

        using FilesCaller stranger = await FilesCaller.ConnectAsync(address);
        Assert.Equal(32, (await stranger.ReadAsync(32)).Length);
        await stranger.SendAsync(new byte[16]);
        Assert.Equal("closed", await stranger.PingAsync());
    }

    [Fact]
    public async Task The_key_of_the_door_may_come_through_a_pipe()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--listen", "tcp://127.0.0.1:0", "--hmac-key-file", "/dev/stdin");
        await tool.Input.WriteAsync("a key for the door\n");
        tool.Input.Close();
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        byte[] challenge = await caller.ReadAsync(32);
        await caller.SendAsync(HMACSHA256.HashData("a key for the door"u8, challenge));
        Assert.Equal("ok", await caller.PutAsync("/a", "hello"));
    }

    [Theory]
    [InlineData(2, "--anonymous-from-anywhere", "--anonymous", "write", "--listen", "tcp://0.0.0.0:0")]
    [InlineData(2, "--anonymous-from-anywhere", "--anonymous", "write", "--listen", "tls://127.0.0.1:0", "tls://*:0")]
    [InlineData(2, "--anonymous-from-anywhere", "--anonymous", "write", "--listen", "fd:9")]
    [InlineData(2, "read, write and none", "--anonymous", "everything")]
    [InlineData(2, "need a stream", "--listen", "udp://127.0.0.1:0")]
    [InlineData(2, "need a stream", "--listen", "unixseq:///tmp/none")]
    [InlineData(2, "go together", "--tls-cert", "x.pem")]
    [InlineData(2, "no key for it", "--hmac", "md5")]
    [InlineData(2, "powers of 1024", "--quota", "0")]
    [InlineData(2, "--max-connections: '0'", "--max-connections", "0")]
    [InlineData(5, "mkdir -p", "--root", "/nowhere/at/all")]
    [InlineData(5, "is a file", "--root", "/etc/passwd")]
    [InlineData(5, "dialtone user add NAME --accounts /nowhere/accounts.json", "--accounts", "/nowhere/accounts.json")]
    [InlineData(5, "none.key", "--hmac-key-file", "/nowhere/none.key")]
    [InlineData(5, "/nowhere/config.json", "--config", "/nowhere/config.json")]
    [InlineData(5, "/nowhere/x.pem", "--tls-cert", "/nowhere/x.pem", "--tls-key", "/nowhere/y.pem")]
    public async Task What_cannot_be_served_is_refused_in_words_before_anything_is_made(int code, string advice, params string[] flags)
    {
        using var folder = new Folder();
        ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, ["serve", .. flags]);
        Assert.Equal((code, ""), (end.ExitCode, end.Output));
        Assert.StartsWith("dialtone: ", end.Error, StringComparison.Ordinal);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Accounts_and_keys_inside_the_shared_folder_are_refused()
    {
        using var folder = new Folder();
        await UsersTests.UserAsync(folder, "one", "add", "alex");
        ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, "serve", "--root", folder.Path);
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.Contains("users could read or replace it", end.Error, StringComparison.Ordinal);
    }

    [Fact] // L15
    public async Task Accounts_that_others_may_read_are_refused_with_the_cure()
    {
        using var folder = new Folder();
        await UsersTests.UserAsync(folder, "one", "add", "alex");
        File.SetUnixFileMode(folder["dialtone/accounts.json"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        ToolResult end = await ToolProcess.RunWithAsync("", folder.Home, "serve", "--listen", "tcp://127.0.0.1:0");
        Assert.Equal((5, ""), (end.ExitCode, end.Output));
        Assert.Contains("chmod 600", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_quota_of_a_config_file_holds_and_the_command_line_wins_over_it()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        string config = folder.Write("files.json", """{ "root": "data", "listen": "tcp://127.0.0.1:0", "anonymous": "write", "quota": "1K", "quota-files": 2 }""");
        await using (ToolProcess tool = ToolProcess.StartWith(folder.Home, "serve", "--config", config))
        {
            using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
            Assert.Equal("ok", await caller.PutAsync("/a", new string('a', 1000)));
            Assert.Equal("quota-exceeded", await caller.PutAsync("/b", new string('b', 100)));
            Assert.Equal("ok", await caller.PutAsync("/b", "b"));
            Assert.Equal("quota-exceeded", await caller.PutAsync("/c", "c"));
        }

        await using ToolProcess larger = ToolProcess.StartWith(folder.Home, "serve", "--config", config, "--quota", "2K", "--quota-files", "3");
        using FilesCaller again = await FilesCaller.ConnectAsync((await larger.AddressesAsync(1))[0]);
        Assert.Equal("ok", await again.PutAsync("/c", new string('c', 1000)));
        Assert.Equal("quota-exceeded", await again.PutAsync("/d", "d"));
    }

    [Theory]
    [InlineData("max-connections")]
    [InlineData("max-per-address")]
    public async Task The_number_of_connections_in_a_config_file_holds(string limit)
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        string config = folder.Write("files.json", $$"""{ "root": "data", "listen": ["tcp://127.0.0.1:0"], "anonymous": "read", "{{limit}}": 2 }""");
        await using ToolProcess tool = ToolProcess.StartWith(folder.Home, "serve", "--config", config);
        Address address = (await tool.AddressesAsync(1))[0];
        using FilesCaller first = await FilesCaller.ConnectAsync(address);
        using FilesCaller second = await FilesCaller.ConnectAsync(address);
        Assert.Equal("ok", await first.PingAsync());
        Assert.Equal("ok", await second.PingAsync());
        using FilesCaller third = await FilesCaller.ConnectAsync(address);
        Assert.Equal("closed", await third.PingAsync());
        Assert.Equal("ok", await first.PingAsync());
    }

    [Fact]
    public async Task An_upload_may_finish_after_the_first_signal()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0", "--drain", "50");
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        Assert.Equal("ok", await caller.PutAsync("/first", "x"));
        await caller.SendAsync("""{"id":2,"cmd":"put","path":"/a","size":10}""", "hello");
        tool.Signal(ToolProcess.Terminate);
        await tool.UntilErrorAsync("1 session may go on for 50 s");
        await caller.SendAsync("world"u8.ToArray());
        Assert.Equal(2, (await caller.HearAsync())!.Value.GetProperty("id").GetInt32());
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        Assert.Equal("helloworld", await File.ReadAllTextAsync(folder["data/a"]));
    }

    [Fact]
    public async Task Sessions_that_do_nothing_do_not_hold_up_the_end()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "read", "--listen", "tcp://127.0.0.1:0", "--drain", "1000");
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        Assert.Equal("ok", await caller.PingAsync());
        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Fact] // L17
    public async Task A_flood_of_callers_that_make_no_sense_does_not_flood_the_log()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "read", "--listen", "tcp://127.0.0.1:0");
        Address address = (await tool.AddressesAsync(1))[0];
        int before = tool.Error.Split('\n').Length;
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < 300; i++)
        {
            using FilesCaller caller = await FilesCaller.ConnectAsync(address);
            await caller.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
            Assert.Empty(await caller.ReadAsync(1));
        }

        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        tool.Signal(ToolProcess.Terminate);
        ToolResult end = await tool.EndAsync();
        Assert.Contains("speaks no tongue", end.Error, StringComparison.Ordinal);
        Assert.InRange(end.Error.Split('\n').Length - before, 1, 21 * (int)(seconds + 2) + 5);
    }

    [Fact]
    public async Task The_second_signal_cuts_and_nothing_half_is_seen()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0", "--drain", "1000");
        using FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]);
        Assert.Equal("ok", await caller.PutAsync("/first", "x"));
        await caller.SendAsync("""{"id":2,"cmd":"put","path":"/a","size":10}""", "hello");
        tool.Signal(ToolProcess.Interrupt);
        await tool.UntilErrorAsync("1 session may go on");
        tool.Signal(ToolProcess.Interrupt);
        Assert.Equal(1, (await tool.EndAsync()).ExitCode);
        Assert.False(File.Exists(folder["data/a"]));
    }

    [Fact]
    public async Task What_was_done_stands_in_the_audit_log()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Serve(folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0", "--audit", folder["audit.jsonl"]);
        using (FilesCaller caller = await FilesCaller.ConnectAsync((await tool.AddressesAsync(1))[0]))
            Assert.Equal("ok", await caller.PutAsync("/a", "hello"));
        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        Assert.Contains("\"/a\"", await File.ReadAllTextAsync(folder["audit.jsonl"]), StringComparison.Ordinal);
    }

    /// <summary>Shares the folder's <c>data</c> with somebody's settings in the folder.</summary>
    internal static ToolProcess Serve(Folder folder, params string[] flags)
    {
        Directory.CreateDirectory(folder["data"]);
        return ToolProcess.StartWith(folder.Home, ["serve", "--root", folder["data"], .. flags]);
    }
}
