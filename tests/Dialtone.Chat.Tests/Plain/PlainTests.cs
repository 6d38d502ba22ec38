using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Chat.Tests;

/// <summary>The tutorials' clients, as Python programs and as bare sockets, against our server; the group "UDP chat" of what may go wrong.</summary>
public sealed class PlainTests
{
    private static readonly ChatLimits Generous = new() { MessagesPerSecond = 1_000_000, Burst = 1_000_000, AnswersPerSecond = 1_000_000 };

    [Fact]
    public async Task Three_clients_at_once_each_get_their_own_answers()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { Limits = Generous });
        using var ending = new CancellationTokenSource();
        Task operating = place.AnswerAllAsync(ending.Token);
        await using PythonPeer peer = place.Peer("plain_clients.py", 3, 20);
        PythonResult result = await peer.WaitForExitAsync();
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] expected = [.. from number in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 20) select $"{number} 127.0.0.1:{place.Port} MESSAGE {i} OF {number}"];
        Assert.Equal(expected, result.Output.TrimEnd().Split('\n'));
        Assert.Equal(3, place.Desk.Here.Count);
        Assert.All(place.Desk.Here, static who => Assert.Equal((ChatTongue.Plain, false, 0), (who.Tongue, who.IsVerified, who.Unanswered)));
        await ending.CancelAsync();
        await operating;
    }

    [Fact]
    public async Task A_message_comes_with_its_senders_address_and_the_answer_goes_there_once()
    {
        await using Place place = await Place.StartAsync();
        using UdpClient client = place.Sender();
        await client.SendAsync("你好\r\n"u8.ToArray());
        ChatMessage message = Assert.Single(await place.HearAsync(1));
        string address = client.Client.LocalEndPoint!.ToString()!;
        Assert.Equal((address, address, "你好", ChatHub.Operator, false), (message.From, message.Address!.ToString(), message.Text, message.To, message.IsVerified));
        Assert.Equal(ChatError.None, place.Desk.Say(address, "再见"));
        Assert.Equal(ChatError.NothingToAnswer, place.Desk.Say(address, "and another thing"));
        Assert.Equal(ChatError.NothingToAnswer, place.Desk.Answer(message.Id, "and another thing"));
        Assert.Equal(ChatError.NoSuchName, place.Desk.Say("127.0.0.1:1", "hello"));
        Assert.Equal("再见"u8.ToArray(), await Place.ReceiveAsync(client));
        Assert.Equal(0, client.Available);
    }

    [Fact]
    public async Task Every_size_from_nothing_to_the_largest_is_a_message_and_the_server_goes_on()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { Limits = Generous });
        await using PythonPeer peer = place.Peer("plain_send.py", "127.0.0.1", 0, "-", "61", "0*4096", "0*4097", "0*65507", "ff", "e4bda0e5a5bde4bd", "c3");
        List<ChatMessage> heard = await place.HearAsync(8);
        Assert.Equal(["", "a", new string('0', 4096), new string('0', 4096), new string('0', 4096), "\uFFFD", "你好\uFFFD", "\uFFFD"], heard.Select(static message => message.Text));
        Assert.Equal([false, false, false, true, true, false, false, false], heard.Select(static message => message.IsCut));
        peer.CloseInput();
        PythonResult result = await peer.WaitForExitAsync();
        Assert.Equal(0, result.ExitCode);
        Assert.Single(result.Output.TrimEnd().Split('\n')); // its port, and no answer to anything
    }

    [Fact]
    public async Task A_character_that_the_cut_would_halve_is_left_out()
    {
        await using Place place = await Place.StartAsync();
        using UdpClient client = place.Sender();
        await client.SendAsync(Encoding.UTF8.GetBytes("x" + new string('中', 2000)));
        ChatMessage message = Assert.Single(await place.HearAsync(1));
        Assert.Equal(("x" + new string('中', 1365), true), (message.Text, message.IsCut));
    }

    [Fact]
    public async Task Old_windows_programs_speak_gbk()
    {
        Encoding gbk = CodePagesEncodingProvider.Instance.GetEncoding("gbk")!;
        await using Place place = await Place.StartAsync(encoding: gbk);
        using UdpClient client = place.Sender();
        await client.SendAsync(gbk.GetBytes("你好，世界"));
        Assert.Equal("你好，世界", Assert.Single(await place.HearAsync(1)).Text);
        place.Desk.Say(client.Client.LocalEndPoint!.ToString()!, "再见");
        Assert.Equal(gbk.GetBytes("再见"), await Place.ReceiveAsync(client));
    }

    [Fact]
    public async Task An_answer_has_a_longest_length_and_a_rate_per_host_and_what_is_refused_still_waits()
    {
        var time = new FakeTimeProvider();
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { Time = time, Limits = new ChatLimits { AnswersPerSecond = 2 } });
        using UdpClient one = place.Sender(), other = place.Sender();
        for (int i = 0; i < 3; i++)
        {
            await one.SendAsync("?"u8.ToArray());
            await other.SendAsync("?"u8.ToArray());
        }

        List<ChatMessage> heard = await place.HearAsync(6);
        Assert.Equal(ChatError.TooLong, place.Desk.Answer(heard[0].Id, new string('x', 1025)));
        Assert.Equal(ChatError.TooLong, place.Desk.Answer(heard[0].Id, new string('中', 342)));
        Assert.Equal(ChatError.None, place.Desk.Answer(heard[0].Id, new string('x', 1024)));
        for (int i = 1; i < 4; i++)
            Assert.Equal(ChatError.None, place.Desk.Answer(heard[i].Id, "!"));
        Assert.Equal(ChatError.TooFast, place.Desk.Answer(heard[4].Id, "!"));
        Assert.Equal(2, place.Desk.Unanswered.Count);
        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(ChatError.None, place.Desk.Answer(heard[4].Id, "!"));
        Assert.Equal(ChatError.TooFast, place.Desk.Answer(heard[5].Id, "!"));
    }

    [Fact] // G04, CVE-2024-2169
    public async Task Datagrams_from_services_ports_and_from_our_own_port_are_ignored()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { AnswerAtOnce = static message => message.Text });
        foreach (int port in new[] { 7, 19, 53, 123, 1023, place.Port })
        {
            await using PythonPeer peer = place.Peer("plain_send.py", "127.0.0.9", port, "61");
            peer.CloseInput();
            PythonResult result = await peer.WaitForExitAsync();
            if (result.ExitCode == 77)
                continue; // ports below 1024 are not for everybody
            Assert.Equal((0, port.ToString(CultureInfo.InvariantCulture)), (result.ExitCode, result.Output.TrimEnd()));
        }

        Assert.Empty(place.Desk.Here);
        Assert.Empty(place.Desk.History);
    }

    [Fact] // G01
    public async Task Nothing_goes_to_a_plain_sender_that_the_operator_did_not_say_to_it()
    {
        await using Place place = await Place.StartAsync();
        using UdpClient client = place.Sender();
        byte[][] junk = [[], [0xFF], [0xFF, 1, .. new byte[1398]], "/help"u8.ToArray(), "{\"chat\":1}"u8.ToArray(), [0, 0, 0, 4], [.. Enumerable.Range(0, 256).Select(static i => (byte)i)]];
        foreach (byte[] each in junk)
            await client.SendAsync(each);
        await client.SendAsync("the last"u8.ToArray());
        while ((await place.HearAsync(1))[0].Text != "the last")
        {
        }

        Assert.Equal(ChatError.None, place.Desk.SayIn("lobby", "to the room"));
        place.Desk.Mute(client.Client.LocalEndPoint!.ToString()!);
        place.Desk.Block(client.Client.LocalEndPoint!.ToString()!);
        await client.SendAsync("now blocked"u8.ToArray());
        using UdpClient witness = place.Sender(); // answered after all that
        await witness.SendAsync("?"u8.ToArray());
        await place.HearAsync(1);
        place.Desk.Say(witness.Client.LocalEndPoint!.ToString()!, "!");
        await Place.ReceiveAsync(witness);
        Assert.Equal(0, client.Available);
        Assert.Single(place.Desk.Here);
    }

    [Fact]
    public async Task Who_is_muted_is_heard_no_more_and_a_whole_host_can_be_blocked()
    {
        await using Place place = await Place.StartAsync();
        using UdpClient one = place.Sender(), other = place.Sender();
        await one.SendAsync("one"u8.ToArray());
        await place.HearAsync(1);
        place.Desk.Mute(one.Client.LocalEndPoint!.ToString()!);
        await one.SendAsync("one again"u8.ToArray());
        await other.SendAsync("other"u8.ToArray());
        Assert.Equal("other", Assert.Single(await place.HearAsync(1)).Text);
        place.Desk.Unmute(one.Client.LocalEndPoint!.ToString()!);
        await one.SendAsync("one free"u8.ToArray());
        Assert.Equal("one free", Assert.Single(await place.HearAsync(1)).Text);
        place.Desk.Block("127.0.0.1");
        Assert.Empty(place.Desk.Here);
        Assert.Empty(place.Desk.Unanswered);
        await one.SendAsync("blocked"u8.ToArray());
        await using PythonPeer stranger = place.Peer("plain_send.py", "127.0.0.2", 0, "61");
        Assert.Equal("a", Assert.Single(await place.HearAsync(1)).Text);
    }

    [Fact] // G10
    public async Task An_answer_to_somebody_who_is_gone_harms_nobody()
    {
        await using Place place = await Place.StartAsync();
        string gone;
        using (UdpClient client = place.Sender())
        {
            await client.SendAsync("one"u8.ToArray());
            await client.SendAsync("two"u8.ToArray());
            await place.HearAsync(2);
            gone = client.Client.LocalEndPoint!.ToString()!;
        }

        place.Desk.Say(gone, "!");
        place.Desk.Say(gone, "!");
        using UdpClient next = place.Sender();
        await next.SendAsync("still there?"u8.ToArray());
        await place.HearAsync(1);
        place.Desk.Say(next.Client.LocalEndPoint!.ToString()!, "yes");
        Assert.Equal("yes"u8.ToArray(), await Place.ReceiveAsync(next));
    }

    [Fact] // G07
    public async Task One_address_that_floods_is_held_to_its_rate_and_another_is_heard()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { Limits = new ChatLimits { MaxUnanswered = 100 } });
        await using PythonPeer flood = place.Peer("plain_flood.py", 1, 60_000, 100);
        using UdpClient other = place.Sender();
        Task<PythonResult> flooding = flood.WaitForExitAsync();
        int sent = 0;
        while (!flooding.IsCompleted)
        {
            await other.SendAsync("hello"u8.ToArray());
            sent++;
            await Task.WhenAny(flooding, Task.Delay(200));
        }

        PythonResult result = await flooding;
        Assert.Equal((0, "sent\n"), (result.ExitCode, result.Output));
        string mine = other.Client.LocalEndPoint!.ToString()!;
        Task hearing = Task.Run(async () =>
        {
            while ((await place.HearAsync(1))[0] is { } message && (message.From != mine || message.Text != "the last"))
            {
            }
        });
        while (!hearing.IsCompleted) // the kernel's queue may still be full of the flood
        {
            await other.SendAsync("the last"u8.ToArray());
            sent++;
            await Task.WhenAny(hearing, Task.Delay(200));
        }

        await hearing;
        ChatParticipantInfo[] here = [.. place.Desk.Here];
        Assert.Equal(2, here.Length);
        Assert.InRange(here.Single(each => each.Address!.ToString() != mine).Unanswered, 1, 100);
        Assert.InRange(here.Single(each => each.Address!.ToString() == mine).Unanswered, 1, sent);
    }

    [Fact]
    public async Task A_bot_in_one_line_answers_at_once()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions
        {
            AnswerAtOnce = static message => message.Text switch { "time?" => "late", "bug" => throw new InvalidOperationException("A bug."), _ => null },
        });
        using UdpClient client = place.Sender();
        await client.SendAsync("time?"u8.ToArray());
        Assert.Equal("late"u8.ToArray(), await Place.ReceiveAsync(client));
        await client.SendAsync("bug"u8.ToArray());
        await client.SendAsync("help?"u8.ToArray());
        Assert.Equal(["time?", "bug", "help?"], (await place.HearAsync(3)).Select(static message => message.Text));
        Assert.Equal(["bug", "help?"], place.Desk.Unanswered.Select(static message => message.Text));
        Assert.Equal(["time?", "late", "bug", "help?"], place.Desk.History.Select(static message => message.Text));
    }

    [Fact]
    public async Task A_sender_on_a_unix_socket_is_named_by_its_path_and_cannot_move_a_cursor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no datagrams over Unix sockets.");
        string folder = Directory.CreateTempSubdirectory("dialtone-chat-").FullName;
        try
        {
            await using Place place = await Place.StartAsync($"unixgram:{folder}/chat");
            using var client = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            client.Bind(new UnixDomainSocketEndPoint($"{folder}/me\u001b[2J\nroot"));
            client.Connect(new UnixDomainSocketEndPoint($"{folder}/chat"));
            await client.SendAsync("one"u8.ToArray());
            await client.SendAsync("two"u8.ToArray());
            List<ChatMessage> heard = await place.HearAsync(2);
            Assert.All(heard, message => Assert.Equal($"{folder}/me\\u{{1b}}[2J\\u{{a}}root", message.From));
            Assert.Single(place.Desk.Here);
            Assert.Equal(ChatError.None, place.Desk.Say(heard[0].From, "!"));
            var answer = new byte[10];
            Assert.Equal(1, await client.ReceiveAsync(answer));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Under_every_policy_for_datagrams_each_message_is_heard_once()
    {
        foreach (Concurrency policy in new[] { Concurrency.Sequential, Concurrency.Inline, Concurrency.Task, Concurrency.Pool(2) })
        {
            await using Place place = await Place.StartAsync(options: new ChatHubOptions { Limits = Generous with { MaxUnanswered = 1000 } }, policy: policy);
            using UdpClient client = place.Sender();
            for (int i = 0; i < 100; i++)
                await client.SendAsync(Encoding.UTF8.GetBytes($"{i}"));
            List<ChatMessage> heard = await place.HearAsync(100);
            Assert.Equal(Enumerable.Range(0, 100), heard.Select(static message => int.Parse(message.Text, CultureInfo.InvariantCulture)).Order());
        }
    }
}
