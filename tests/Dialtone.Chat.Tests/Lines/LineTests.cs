using System.Net.Sockets;
using System.Text;

namespace Dialtone.Chat.Tests;

/// <summary>People with <c>nc</c> and telnet.</summary>
public sealed class LineTests
{
    [Fact]
    public async Task People_talk_in_a_room_and_to_one_another()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller one = await Caller.CallAsync(place), other = await Caller.CallAsync(place);
        await one.SendAsync("/name ann\r\n");
        await other.SendAsync("/name bob\n");
        await one.ReadUntilAsync("* You are ann.");
        await other.ReadUntilAsync("* You are bob.");
        await one.SendAsync("hello\r\n//slashed\n");
        await other.ReadUntilAsync("[lobby] ann: hello\r\n[lobby] ann: /slashed\r\n");
        await other.SendAsync("/msg ANN psst\n/msg zoe psst\n/who\n/history\n");
        await one.ReadUntilAsync("bob to you: psst\r\n");
        string read = await other.ReadUntilAsync("Z [lobby] ann: /slashed\r\n");
        Assert.Contains("* Nobody of that name is here.\r\n* In lobby: ann, bob\r\n", read, StringComparison.Ordinal);
        await one.SendAsync("/quit\n");
        await one.ReadToEndAsync();
        await other.ReadUntilAsync("* ann has left lobby\r\n");
    }

    [Fact]
    public async Task A_line_client_asks_the_operator_and_hears_the_answer()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller caller = await Caller.CallAsync(place);
        await caller.ReadUntilAsync("You are in lobby");
        await caller.SendAsync("/msg operator is anybody there?\n");
        ChatMessage question = Assert.Single(await place.HearAsync(1));
        Assert.Equal(("guest1", "is anybody there?", true), (question.From, question.Text, question.IsVerified));
        Assert.Equal(ChatError.None, place.Desk.Answer(question.Id, "I am\u001b[2J."));
        await caller.ReadUntilAsync("operator to you: I am\\u{1b}[2J.\r\n");
    }

    [Fact]
    public async Task Telnet_options_are_refused_and_never_become_text()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller witness = await Caller.CallAsync(place);
        await witness.ReadUntilAsync("You are in lobby");
        string[] pieces =
        [
            "fffb18", "fffd", "03", // WILL TERMINAL-TYPE, DO SUPPRESS-GO-AHEAD in two pieces
            "68fffa18", "00ff", "f0fff165", // h, a subnegotiation in pieces, NOP, e
            "6c6cffff6f0d00", // ll, the octet 255, o, CR NUL
            "e4bd", "a00d", "0a", // 你 and CR LF in pieces
            "6f6e650d74776f0a", // a lone CR inside
            "2f717569740a",
        ];
        await using PythonPeer peer = place.Peer("telnet.py", [.. pieces]);
        PythonResult result = await peer.WaitForExitAsync();
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("fffe18", result.Output, StringComparison.Ordinal);
        Assert.Contains("fffc03", result.Output, StringComparison.Ordinal);
        await witness.ReadUntilAsync("[lobby] guest2: hell\uFFFDo\r\n[lobby] guest2: 你\r\n[lobby] guest2: one\\u{d}two\r\n");
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_refused_whole_and_the_next_one_is_heard()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller caller = await Caller.CallAsync(place);
        await caller.SendAsync(new string('x', 4097) + "\n" + new string('y', 100_000) + "\r\nshort\n");
        await caller.ReadUntilAsync("* The text is too long.\r\n* The text is too long.\r\n");
        Assert.Equal("short", Assert.Single(await place.HearAsync(1)).Text);
    }

    [Fact]
    public async Task A_last_line_without_an_end_is_said_too()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller caller = await Caller.CallAsync(place);
        await caller.SendAsync("first\nlast", andFinish: true);
        Assert.EndsWith("what you type is said there.\r\n", await caller.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(["first", "last"], (await place.HearAsync(2)).Select(static message => message.Text));
    }

    [Fact]
    public async Task Who_types_too_fast_is_told_and_who_is_muted_is_told_once()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller caller = await Caller.CallAsync(place);
        await caller.SendAsync(string.Concat(Enumerable.Repeat("x\n", 40)));
        await caller.ReadUntilAsync("* Too many messages in too short a time; wait a moment.\r\n");
        using Caller other = await Caller.CallAsync(place);
        await other.ReadUntilAsync("You are in lobby");
        place.Desk.Mute("guest2");
        await other.SendAsync("x\ny\nz\n/who\n");
        string read = await other.ReadUntilAsync("* In lobby: ");
        Assert.Equal(2, read.Split("The operator has muted you").Length);
    }

    [Fact]
    public async Task A_wrong_room_password_is_charged_to_the_callers_address_and_a_block_ends_the_call()
    {
        ScramVerifier password = ScramVerifier.Create("sesame", ScramVerifier.MinIterations);
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0", new ChatHubOptions { Rooms = [new ChatRoomOptions("den") { Password = password }] });
        using Caller caller = await Caller.CallAsync(place);
        await caller.ReadUntilAsync("What you type goes to the operator.");
        await caller.SendAsync("hello?\n/room\n/room den\n/room den open\n");
        await caller.ReadUntilAsync("* den, with a password\r\n* The room needs its password.\r\n* The room needs its password.\r\n");
        Assert.Equal(1, place.Server.Penalties.Count);
        Assert.Equal("hello?", Assert.Single(await place.HearAsync(1)).Text);
        await caller.SendAsync("/room den sesame\nknock\n");
        Assert.Equal(("den", "knock"), Assert.Single(await place.HearAsync(1)) is { } said ? (said.Room, said.Text) : default);
        place.Desk.Block("guest1");
        Assert.EndsWith("* The operator does not let you in.\r\n", await caller.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inline")]
    [InlineData("task")]
    [InlineData("thread")]
    public async Task A_client_that_does_not_read_loses_lines_and_holds_nobody_up(string policy)
    {
        Assert.True(Concurrency.TryParse(policy, out Concurrency? concurrency));
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0", policy: concurrency);
        using Caller deaf = await Caller.CallAsync(place, receiveBytes: 4096);
        await deaf.ReadUntilAsync("You are in lobby");
        string line = new('x', 4000);
        int sent = 0;
        while (sent < 4000) // some 16 MB, more than the kernel keeps
        {
            Assert.Equal(ChatError.None, place.Desk.SayIn("lobby", line));
            sent++;
        }

        string read = await deaf.ReadUntilAsync("lines were left out here: you read too slowly.\r\n", poke: () => place.Desk.SayIn("lobby", "more"));
        Assert.InRange(read.Split(line).Length, 2, sent - 1);
    }

    [Fact]
    public async Task A_stopping_server_says_so()
    {
        await using Place place = await Place.StartAsync("tcp://127.0.0.1:0");
        using Caller caller = await Caller.CallAsync(place);
        await caller.ReadUntilAsync("You are in lobby");
        DrainReport report = await place.Server.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(report.Stragglers);
        Assert.EndsWith("* The server is stopping.\r\n", await caller.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Empty(place.Desk.Here);
    }

    private sealed class Caller(TcpClient client) : IDisposable
    {
        private readonly NetworkStream _stream = client.GetStream();
        private readonly StringBuilder _unread = new();
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public static async Task<Caller> CallAsync(Place place, int? receiveBytes = null)
        {
            var client = new TcpClient();
            if (receiveBytes is { } bytes)
                client.ReceiveBufferSize = bytes;
            await client.ConnectAsync("127.0.0.1", place.Port);
            return new Caller(client);
        }

        public async Task SendAsync(string text, bool andFinish = false)
        {
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));
            if (andFinish)
                client.Client.Shutdown(SocketShutdown.Send);
        }

        public async Task<string> ReadUntilAsync(string part, Action? poke = null)
        {
            while (!_unread.ToString().Contains(part, StringComparison.Ordinal))
            {
                poke?.Invoke();
                Assert.True(await ReadSomeAsync(), $"It ended without: {part}. Read: {_unread}");
            }

            string read = _unread.ToString();
            int to = read.IndexOf(part, StringComparison.Ordinal) + part.Length;
            _unread.Remove(0, to);
            return read[..to];
        }

        public async Task<string> ReadToEndAsync()
        {
            while (await ReadSomeAsync())
            {
            }

            return _unread.ToString();
        }

        public void Dispose() => client.Dispose();

        private async Task<bool> ReadSomeAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var bytes = new byte[4096];
            int count = await _stream.ReadAsync(bytes, patience.Token);
            var text = new char[4096];
            _unread.Append(text, 0, _decoder.GetChars(bytes, 0, count, text, 0));
            return count > 0;
        }
    }
}
