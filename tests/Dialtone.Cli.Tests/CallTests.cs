namespace Dialtone.Cli.Tests;

public sealed class CallTests
{
    private static readonly string[] ShortWait = ["--wait", "2"];

    [Theory]
    [InlineData("tcp://127.0.0.1:0", "HELLO\nWORLD\n")]
    [InlineData("tls://127.0.0.1:0", "HELLO\nWORLD\n")]
    [InlineData("udp://127.0.0.1:0", "HELLO\n\nWORLD\n")]
    [InlineData("unix://{0}", "HELLO\nWORLD\n")]
    [InlineData("unixseq://{0}", "HELLO\nWORLD\n")]
    [InlineData("unixgram://{0}", "HELLO\n\nWORLD\n")]
    public async Task Each_line_is_answered_and_an_empty_one_is_a_message_only_among_datagrams(string listen, string shown)
    {
        using var folder = new Folder();
        await using ToolProcess server = ToolProcess.StartWith(
            folder.Home, "serve", "upper", "--listen", string.Format(null, listen, folder["s"]));
        Address address = (await server.AddressesAsync(1))[0];
        ToolResult call = await ToolProcess.RunWithAsync("hello\n\nworld\n", folder.Home, ["call", $"{address}", .. ShortWait]);
        Assert.Equal((0, shown), (call.ExitCode, call.Output));
    }

    [Fact]
    public async Task A_last_line_needs_no_newline_and_an_answer_without_one_gets_it()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        ToolResult with = await ToolProcess.FeedAsync("one\ntwo", ["call", $"{addresses[0]}", .. ShortWait]);
        Assert.Equal((0, "ONE\nTWO\n", ""), (with.ExitCode, with.Output, with.Error));
        ToolResult without = await ToolProcess.FeedAsync("one\ntwo\n", ["call", $"{addresses[0]}", "--no-newline", .. ShortWait]);
        Assert.Equal((0, "ONE\nTWO\n", ""), (without.ExitCode, without.Output, without.Error));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_pass_through()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        ToolResult call = await ToolProcess.FeedAsync("中文 \e[31m\r\n", ["call", $"{addresses[0]}", .. ShortWait]);
        Assert.Equal("中文 \e[31m\r\n", call.Output);
    }

    [Theory]
    [InlineData("line", "hello\nworld\n", "HELLO\nWORLD\n")]
    [InlineData("int32", "hello\n\nworld\n", "HELLO\n\nWORLD\n")]
    [InlineData("varint", "hello\n\nworld", "HELLO\n\nWORLD\n")]
    [InlineData("fixed:5", "hello\nworld\n", "HELLO\nWORLD\n")]
    [InlineData("delimiter:||", "hello\nworld\n", "HELLO\nWORLD\n")]
    public async Task Each_line_is_a_frame_where_frames_are_agreed_on(string framing, string input, string shown)
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0", "--framing", framing);
        await using ToolProcess _ = server;
        ToolResult call = await ToolProcess.FeedAsync(input, ["call", $"{addresses[0]}", "--framing", framing, .. ShortWait]);
        Assert.Equal((0, shown, ""), (call.ExitCode, call.Output, call.Error));
    }

    [Fact]
    public async Task A_stream_takes_no_turns_and_changes_no_byte()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        string input = string.Concat(Enumerable.Repeat("abcdefgh\n\n", 50_000)) + "no newline";
        ToolResult call = await ToolProcess.FeedAsync(input, "call", $"{addresses[0]}", "--stream");
        Assert.Equal(0, call.ExitCode);
        Assert.Equal(input.ToUpperInvariant(), call.Output);
    }

    [Theory]
    [InlineData("md5")]
    [InlineData("sha1")]
    [InlineData("sha256")]
    [InlineData("sha512")]
    public async Task The_right_key_opens_and_the_wrong_one_is_told(string digest)
    {
        using var folder = new Folder();
        string right = folder.Write("right.key", "linhaifeng bang bang bang\n");
        string wrong = folder.Write("wrong.key", "open sesame, please open\n");
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "upper", "--listen", "tcp://127.0.0.1:0", "--hmac-key-file", right, "--hmac", digest);
        await using ToolProcess _ = server;
        ToolResult opened = await ToolProcess.FeedAsync("hello\n", ["call", $"{addresses[0]}", "--hmac-key-file", right, "--hmac", digest, .. ShortWait]);
        Assert.Equal((0, "HELLO\n"), (opened.ExitCode, opened.Output));

        ToolResult shut = await ToolProcess.FeedAsync("hello\n", ["call", $"{addresses[0]}", "--hmac-key-file", wrong, "--hmac", digest, .. ShortWait]);
        Assert.Equal((4, ""), (shut.ExitCode, shut.Output));
        Assert.Contains("HMAC", shut.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", shut.Error + server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_may_stand_in_the_environment()
    {
        var environment = new Dictionary<string, string> { ["DIALTONE_HMAC_KEY"] = "linhaifeng bang bang bang" };
        await using ToolProcess server = ToolProcess.StartWith(environment, "serve", "upper", "--listen", "tcp://127.0.0.1:0");
        Address address = (await server.AddressesAsync(1))[0];
        ToolResult call = await ToolProcess.RunWithAsync("hello\n", environment, ["call", $"{address}", .. ShortWait]);
        Assert.Equal((0, "HELLO\n"), (call.ExitCode, call.Output));
    }

    [Fact]
    public async Task A_key_that_is_set_and_empty_does_not_open_the_door()
    {
        var environment = new Dictionary<string, string> { ["DIALTONE_HMAC_KEY"] = "" };
        ToolResult end = await ToolProcess.RunWithAsync("", environment, "serve", "upper", "--listen", "tcp://127.0.0.1:0");
        Assert.Equal((5, ""), (end.ExitCode, end.Output));
        Assert.Contains("DIALTONE_HMAC_KEY", end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("udp://127.0.0.1:0")]
    [InlineData("unixgram://datagrams.sock")]
    public async Task Datagrams_are_not_answered_past_a_door_that_asks_for_a_key(string open)
    {
        var environment = new Dictionary<string, string> { ["DIALTONE_HMAC_KEY"] = "linhaifeng bang bang bang" };
        ToolResult end = await ToolProcess.RunWithAsync("", environment, "serve", "upper", "--listen", "tcp://127.0.0.1:0", open);
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.Contains(open, end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_that_others_may_read_is_refused()
    {
        using var folder = new Folder();
        string open = folder.Write("open.key", "linhaifeng bang bang bang\n", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        ToolResult end = await ToolProcess.RunAsync("serve", "upper", "--listen", "tcp://127.0.0.1:0", "--hmac-key-file", open);
        Assert.Equal((5, ""), (end.ExitCode, end.Output));
        Assert.Contains(open, end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_servers_key_is_remembered_on_the_first_call_and_another_one_refused()
    {
        using var home = new Folder();
        using var other = new Folder();
        string port;
        await using (ToolProcess server = ToolProcess.StartWith(home.Home, "serve", "upper", "--listen", "tls://127.0.0.1:0"))
        {
            Address address = (await server.AddressesAsync(1))[0];
            port = $"{address.Port}";
            ToolResult first = await ToolProcess.RunWithAsync("hello\n", home.Home, ["call", $"{address}", .. ShortWait]);
            Assert.Equal((0, "HELLO\n"), (first.ExitCode, first.Output));
            string fingerprint = first.Error[first.Error.IndexOf("SHA256:", StringComparison.Ordinal)..][..50];
            Assert.Contains(fingerprint, server.Error, StringComparison.Ordinal);

            ToolResult second = await ToolProcess.RunWithAsync("hello\n", home.Home, ["call", $"{address}", .. ShortWait]);
            Assert.Equal((0, "HELLO\n", ""), (second.ExitCode, second.Output, second.Error));
            ToolResult byRoots = await ToolProcess.RunWithAsync("hello\n", home.Home, ["call", $"{address}", "--trust", "system-roots"]);
            Assert.Equal((4, ""), (byRoots.ExitCode, byRoots.Output));
            ToolResult byFingerprint = await ToolProcess.RunWithAsync("hello\n", other.Home, ["call", $"{address}", "--trust", fingerprint, .. ShortWait]);
            Assert.Equal((0, "HELLO\n", ""), (byFingerprint.ExitCode, byFingerprint.Output, byFingerprint.Error));
            ToolResult byNothing = await ToolProcess.RunWithAsync("hello\n", other.Home, ["call", $"{address}", "--trust", "anyone-which-is-insecure", .. ShortWait]);
            Assert.Equal((0, "HELLO\n"), (byNothing.ExitCode, byNothing.Output));
            Assert.False(File.Exists(other["dialtone/known_hosts"]));
        }

        await using (ToolProcess impostor = ToolProcess.StartWith(other.Home, "serve", "upper", "--listen", $"tls://127.0.0.1:{port}"))
        {
            Address address = (await impostor.AddressesAsync(1))[0];
            ToolResult changed = await ToolProcess.RunWithAsync("hello\n", home.Home, "call", $"{address}");
            Assert.Equal((4, ""), (changed.ExitCode, changed.Output));
            Assert.Contains("has changed", changed.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Calling_where_nobody_listens_says_so()
    {
        string nobody;
        using (var holder = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp))
        {
            holder.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // held, and not listened on
            nobody = $"127.0.0.1:{((System.Net.IPEndPoint)holder.LocalEndPoint!).Port}";
            ToolResult tcp = await ToolProcess.FeedAsync("hello\n", "call", $"tcp://{nobody}");
            Assert.Equal((3, ""), (tcp.ExitCode, tcp.Output));
            Assert.Contains(nobody, tcp.Error, StringComparison.Ordinal);
            ToolResult udp = await ToolProcess.FeedAsync("hello\n", "call", $"udp://{nobody}");
            Assert.Equal((3, ""), (udp.ExitCode, udp.Output));
        }

        using var folder = new Folder();
        ToolResult unix = await ToolProcess.FeedAsync("hello\n", "call", $"unix://{folder["s"]}");
        Assert.Equal((3, ""), (unix.ExitCode, unix.Output));
        Assert.Contains(folder["s"], unix.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_ends_a_call()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        await using ToolProcess call = ToolProcess.Start("call", $"{addresses[0]}");
        await call.Input.WriteLineAsync("hello");
        await call.Input.FlushAsync();
        Assert.Equal("HELLO", await call.ReadLineAsync());
        call.Signal(ToolProcess.Interrupt);
        Assert.Equal(130, (await call.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Answers_are_shown_while_the_input_is_still_open()
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0");
        await using ToolProcess _ = server;
        await using ToolProcess call = ToolProcess.Start("call", $"{addresses[0]}");
        foreach (string word in (string[])["one", "two"])
        {
            await call.Input.WriteLineAsync(word);
            await call.Input.FlushAsync();
            Assert.Equal(word.ToUpperInvariant(), await call.ReadLineAsync());
        }

        call.Input.Close();
        Assert.Equal(0, (await call.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tcp://127.0.0.1:0", "--stream")]
    [InlineData("udp://127.0.0.1:0")]
    public async Task A_call_ends_when_whoever_read_the_answers_has_left(string listen, params string[] flags)
    {
        (ToolProcess server, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", listen);
        await using ToolProcess _ = server;
        await using ToolProcess call = ToolProcess.Start(["call", $"{addresses[0]}", .. flags]);
        await call.Input.WriteLineAsync("hello");
        await call.Input.FlushAsync();
        Assert.Equal("HELLO", await call.ReadLineAsync());
        call.StopReading();
        Task<int> exit = call.ExitAsync();
        try
        {
            // Again and again: a process that another test starts may hold the closed pipe for a moment.
            for (; !exit.IsCompleted; await Task.WhenAny(exit, Task.Delay(100)))
            {
                await call.Input.WriteLineAsync("world"); // and more might follow: its input stays open
                await call.Input.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It has left.
        }

        Assert.Equal(1, await exit);
        Assert.Equal("", call.Error);
    }
}
