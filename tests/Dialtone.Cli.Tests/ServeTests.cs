using System.Net.Sockets;
using System.Text;

namespace Dialtone.Cli.Tests;

public sealed class ServeTests
{
    public static TheoryData<string> Policies => ["sequential", "inline", "task", "thread", "thread:4", "pool:4", "pool:4:8", "process", "process:2"];

    [Theory, MemberData(nameof(Policies))]
    public async Task Every_policy_answers_in_upper_case_and_drains_on_sigterm(string policy)
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0", "--concurrency", policy);
        await using ToolProcess _ = tool;
        using (Caller caller = await Caller.ConnectAsync(addresses[0]))
            Assert.Equal("H\xe4LLO \xff\n", await caller.AskAsync("h\xe4llo \xff\n"));

        tool.Signal(ToolProcess.Terminate);
        ToolResult end = await tool.EndAsync();
        Assert.Equal(0, end.ExitCode);
        Assert.Equal("", end.Output);
    }

    [Fact]
    public async Task One_line_per_listener_in_the_order_asked_for_and_nothing_else_on_standard_output()
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            3, "echo", "--listen", "tcp://127.0.0.1:0", "--listen", "tcp://[::1]:0", "tcp://127.0.0.2:0", "--verbose");
        await using ToolProcess _ = tool;
        Assert.Equal(["127.0.0.1", "::1", "127.0.0.2"], addresses.Select(address => address.Host));
        Assert.DoesNotContain(0, addresses.Select(address => address.Port));
        foreach (Address address in addresses)
        {
            using Caller caller = await Caller.ConnectAsync(address);
            Assert.Equal("x", await caller.AskAsync("x"));
        }

        tool.Signal(ToolProcess.Interrupt);
        ToolResult end = await tool.EndAsync();
        Assert.Equal((0, ""), (end.ExitCode, end.Output));
    }

    [Fact]
    public async Task The_ready_file_holds_what_was_printed_and_goes_with_the_server()
    {
        using var folder = new Folder();
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "echo", "--listen", "tcp://127.0.0.1:0", "--ready-file", folder["ready"]);
        await using ToolProcess _ = tool;
        await UntilAsync(() => File.Exists(folder["ready"]));
        Assert.Equal($"listening {addresses[0]}\n", await File.ReadAllTextAsync(folder["ready"]));

        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("inline")]
    [InlineData("thread")]
    [InlineData("process")]
    public async Task A_conversation_goes_on_after_the_first_signal_and_the_server_leaves_when_it_has_ended(string policy)
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "echo", "--listen", "tcp://127.0.0.1:0", "--concurrency", policy, "--drain", "50");
        await using ToolProcess _ = tool;
        using (Caller caller = await Caller.ConnectAsync(addresses[0]))
        {
            Assert.Equal("before", await caller.AskAsync("before"));
            tool.Signal(ToolProcess.Terminate);
            await tool.UntilErrorAsync("Stopping");
            Assert.Equal("after", await caller.AskAsync("after"));
        }

        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("inline")]
    [InlineData("pool:2")]
    [InlineData("process")]
    public async Task The_second_signal_cuts(string policy)
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "echo", "--listen", "tcp://127.0.0.1:0", "--concurrency", policy, "--drain", "1000");
        await using ToolProcess _ = tool;
        using Caller caller = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal("before", await caller.AskAsync("before"));
        tool.Signal(ToolProcess.Interrupt);
        await tool.UntilErrorAsync("1 conversation may go on for 1000 s");
        tool.Signal(ToolProcess.Interrupt);
        Assert.Equal(1, (await tool.EndAsync()).ExitCode);
        Assert.Equal("", await caller.HearAsync());
    }

    [Fact]
    public async Task The_deadline_of_the_drain_cuts_and_the_server_has_still_done_what_it_was_told()
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", "tcp://127.0.0.1:0", "--drain", "0.2");
        await using ToolProcess _ = tool;
        using Caller caller = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal("x", await caller.AskAsync("x"));
        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Workers_leave_a_signal_to_the_whole_group_to_their_parent()
    {
        await using ToolProcess tool = ToolProcess.StartInGroup(
            "serve", "echo", "--listen", "tcp://127.0.0.1:0", "--concurrency", "process", "--drain", "50");
        Address[] addresses = await tool.AddressesAsync(1);
        using (Caller caller = await Caller.ConnectAsync(addresses[0]))
        {
            Assert.Equal("before", await caller.AskAsync("before"));
            tool.SignalGroup(ToolProcess.Interrupt);
            await tool.UntilErrorAsync("Stopping");
            Assert.Equal("after", await caller.AskAsync("after"));
        }

        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_busy_port_is_an_error_that_says_so()
    {
        using var holder = new TcpListener(System.Net.IPAddress.Loopback, 0);
        holder.Start();
        string address = $"tcp://127.0.0.1:{((System.Net.IPEndPoint)holder.LocalEndpoint).Port}";
        ToolResult end = await ToolProcess.RunAsync("serve", "echo", "--listen", "tcp://127.0.0.1:0", address);
        Assert.Equal((3, ""), (end.ExitCode, end.Output));
        Assert.Contains(address, end.Error, StringComparison.Ordinal);
        Assert.Contains("in use", end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.TrimEnd().Split('\n')); // one line: what happened and what to do, once
    }

    [Fact]
    public async Task A_restarted_server_binds_its_port_at_once()
    {
        (ToolProcess first, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", "tcp://127.0.0.1:0", "--drain", "0");
        await using ToolProcess _ = first;
        using Caller caller = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal("x", await caller.AskAsync("x"));
        first.Signal(ToolProcess.Terminate); // the server closes first, so its end of the connection lingers in the kernel
        Assert.Equal(0, (await first.EndAsync()).ExitCode);

        (ToolProcess second, Address[] again) = await ToolProcess.ServeAsync(1, "echo", "--listen", addresses[0].ToString());
        await using ToolProcess __ = second;
        Assert.Equal(addresses, again);
    }

    [Fact]
    public async Task A_flood_beyond_the_limit_leaves_the_admitted_ones_served()
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "echo", "--listen", "tcp://127.0.0.1:0", "--max-connections", "2", "--idle", "500", "--first-byte", "500", "--backlog", "16");
        await using ToolProcess _ = tool;
        using Caller one = await Caller.ConnectAsync(addresses[0]);
        using Caller two = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal("1", await one.AskAsync("1"));
        Assert.Equal("2", await two.AskAsync("2"));
        for (int i = 0; i < 10; i++)
        {
            using Caller tooMany = await Caller.ConnectAsync(addresses[0]);
            Assert.Equal("", await tooMany.HearAsync());
        }

        Assert.Equal("1", await one.AskAsync("1"));
        Assert.Equal("2", await two.AskAsync("2"));
    }

    [Fact]
    public async Task Who_says_nothing_is_closed_by_the_first_byte_limit()
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", "tcp://127.0.0.1:0", "--first-byte", "0.3");
        await using ToolProcess _ = tool;
        using Caller caller = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal("", await caller.HearAsync());
    }

    [Theory]
    [InlineData("int32", "\x03\0\0\0abc", "\x03\0\0\0ABC")]
    [InlineData("int32be", "\0\0\0\x03" + "abc", "\0\0\0\x03" + "ABC")]
    [InlineData("varint", "\x03" + "abc", "\x03" + "ABC")]
    [InlineData("line", "abc\r\n", "ABC\n")]
    [InlineData("crlf", "abc\n", "ABC\r\n")]
    [InlineData("fixed:4", "abcd", "ABCD")]
    [InlineData("delimiter:||", "abc||", "ABC||")]
    public async Task Frames_are_answered_as_frames_however_they_arrive(string framing, string frame, string reply)
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "tcp://127.0.0.1:0", "--framing", framing);
        await using ToolProcess _ = tool;
        using Caller caller = await Caller.ConnectAsync(addresses[0]);
        Assert.Equal(reply + reply, await caller.AskAsync(frame + frame));
        foreach (char letter in frame[..^1])
            await caller.SayAsync(letter.ToString());
        Assert.Equal(reply, await caller.AskAsync(frame[^1..]));
    }

    [Theory]
    [InlineData("sequential")]
    [InlineData("inline")]
    [InlineData("task")]
    [InlineData("thread")]
    [InlineData("pool:4")]
    [InlineData("process")]
    public async Task One_datagram_is_answered_by_one_datagram_an_empty_one_by_an_empty_one(string policy)
    {
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", "udp://127.0.0.1:0", "--concurrency", policy);
        await using ToolProcess _ = tool;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(addresses[0].Host!, addresses[0].Port);
        byte[] buffer = new byte[100];
        foreach (string message in (string[])["a", "", "bc"])
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(message));
            int count = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(message.ToUpperInvariant(), Encoding.Latin1.GetString(buffer, 0, count));
        }

        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_unix_path_is_held_while_the_server_lives_and_gone_after_it()
    {
        using var folder = new Folder();
        string address = $"unix://{folder["s"]}";
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "echo", "--listen", address + "?mode=0660");
        await using ToolProcess _ = tool;
        Assert.Equal(address, addresses[0].ToString());
        using (Caller caller = await Caller.ConnectAsync(addresses[0]))
            Assert.Equal("x", await caller.AskAsync("x"));

        ToolResult second = await ToolProcess.RunAsync("serve", "echo", "--listen", address);
        Assert.Equal((3, ""), (second.ExitCode, second.Output));
        Assert.Contains(folder["s"], second.Error, StringComparison.Ordinal);
        using (Caller caller = await Caller.ConnectAsync(addresses[0]))
            Assert.Equal("x", await caller.AskAsync("x"));

        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
            await Task.Delay(10);
        }
    }
}
