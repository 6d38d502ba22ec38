using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>The native protocol from client to server and back.</summary>
public sealed class NativeTests
{
    [Fact]
    public async Task A_command_runs_as_if_it_ran_here()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        using var input = new MemoryStream("hello"u8.ToArray());
        CommandReport report = await client.RunAsync(new CommandRequest("sh", "-c", "cat; echo oops >&2; exit 9"), output, error, input);
        Assert.Equal(("hello", "oops\n"), (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray())));
        Assert.Equal((CommandEnd.Finished, 9), (report.Reason, report.Status));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("memory:commands-streams")]
    public async Task Much_goes_both_ways_at_once(string address)
    {
        await using var place = await Place.StartAsync(address);
        await using CommandClient client = await place.ConnectAsync();
        byte[] sent = Shell.Bytes(Shell.IsLong ? 1 << 30 : 16 << 20);
        using var output = new MemoryStream();
        using var input = new MemoryStream(sent);
        CommandReport report = await client.RunAsync(new CommandRequest("tee", "/dev/stderr"), output, Stream.Null, input).WaitAsync(Shell.Patience);
        Assert.Equal((0, sent.LongLength, sent.LongLength), (report.Status, report.Output.Bytes, report.Error.Bytes));
        Assert.Equal(report.Output.Crc32C, report.Error.Crc32C);
        Assert.True(sent.AsSpan().SequenceEqual(output.GetBuffer().AsSpan(0, (int)output.Length)));
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_stops_neither_the_other_nor_another_command()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand flood = await client.StartAsync(new CommandRequest { Line = "head -c 4000000 /dev/zero & head -c 4000000 /dev/zero >&2; wait" });
        await flood.Error.ReadExactlyAsync(new byte[4_000_000]).AsTask().WaitAsync(Shell.Patience); // before a byte of the other is read
        using var output = new MemoryStream();
        await client.RunAsync(new CommandRequest("echo", "still here"), output).WaitAsync(Shell.Patience);
        Assert.Equal("still here\n", Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal(4_000_000, (await Shell.ReadAsync(flood.Output)).Length);
        Assert.Empty(await Shell.ReadAsync(flood.Error));
        Assert.Equal(0, (await flood.Ended.WaitAsync(Shell.Patience)).Status);
    }

    [Fact]
    public async Task Much_input_comes_back_from_cat_as_it_was()
    {
        long size = Shell.IsLong ? 1L << 30 : 32 << 20;
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        using var input = new Numbers(size);
        CommandReport report = await client.RunAsync(new CommandRequest("cat"), input: input).WaitAsync(Shell.Patience);
        Assert.Equal((0, new StreamReport(size, input.Sum)), (report.Status, report.Output));
    }

    [Fact] // H09
    public async Task A_flood_waits_for_its_reader_in_bounded_memory()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand flood = await client.StartAsync(new CommandRequest { Line = "echo $$ >&2; exec yes" });
        var pid = new StringBuilder();
        await Shell.UntilAsync(flood.Error, pid, "\n");
        // It writes until credit and pipe are used up, and not a byte more.
        long most = CommandFrame.OutputCredit + (2 * 1024 * 1024);
        long written = 0;
        for (int quiet = 0; quiet < 5; await Task.Delay(50))
        {
            long now = Written();
            quiet = now > 0 && now == written ? quiet + 1 : 0;
            written = now;
            Assert.True(written <= most, $"{written} bytes were written, and nobody reads.");
        }

        await flood.CancelAsync();
        await Task.WhenAll(flood.Error.CopyToAsync(Stream.Null), flood.Output.CopyToAsync(Stream.Null)).WaitAsync(Shell.Patience);
        Assert.Equal((CommandEnd.Cancelled, "TERM"), ((await flood.Ended).Reason, (await flood.Ended).Signal));

        long Written() => long.Parse(
            File.ReadLines($"/proc/{pid.ToString().Trim()}/io").First(line => line.StartsWith("wchar: ", StringComparison.Ordinal))["wchar: ".Length..], CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Output_passed_on_by_its_receiver_is_whole_and_in_order_however_often_the_destination_falls_behind()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest { Line = "seq 1 1000000; echo too >&2" });
        var fitful = new FitfulStream(new Random(seed));
        await Task.WhenAll(command.PassOutputAsync(fitful), command.Error.CopyToAsync(Stream.Null)).WaitAsync(Shell.Patience);
        Assert.Equal(string.Concat(Enumerable.Range(1, 1_000_000).Select(static number => $"{number}\n")), Encoding.UTF8.GetString(fitful.Written.ToArray()));
        Assert.Equal(0, (await command.Ended).Status);
    }

    [Fact]
    public async Task A_destination_that_fails_ends_the_passing_on_and_not_the_client()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest { Line = "yes" });
        var failing = new FitfulStream(new Random(1)) { Room = 100_000 };
        await Assert.ThrowsAsync<IOException>(() => command.PassOutputAsync(failing).WaitAsync(Shell.Patience));
        await command.DisposeAsync();
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true")).WaitAsync(Shell.Patience)).Status);
    }

    [Theory]
    [InlineData(EngineKind.Auto)]
    [InlineData(EngineKind.Sockets)]
    public async Task Output_goes_on_arriving_where_the_server_takes_no_credit_for_now(EngineKind engine)
    {
        const int pieces = 300;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Server.ReceiveBufferSize = 1; // the least there is
        listener.Start();
        var dial = new DialOptions { Blocking = true, Engine = engine, Socket = new ListenOptions { SendBufferBytes = 1 } };
        await using CommandClient client = await CommandClient.ConnectAsync(
            Address.Tcp("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port), new CommandClientOptions { Dial = dial });
        using TcpClient server = await listener.AcceptTcpClientAsync();
        Task<RemoteCommand> starting = client.StartAsync(new CommandRequest("yes"));
        await SendAsync(new CommandFrame { Type = CommandFrame.Started, Id = 1 }, []);
        await using RemoteCommand command = await starting.WaitAsync(Shell.Patience);

        // It never reads: what the client can send fills both buffers soon.
        Task passing = command.PassOutputAsync(Stream.Null);
        var piece = new byte[CommandFrame.MaxPieceBytes];
        uint sum = 0;
        for (int i = 0; i < pieces; i++)
        {
            sum = Crc32C.Append(sum, piece);
            await SendAsync(new CommandFrame { Type = CommandFrame.Stdout, Id = 1, Size = piece.Length }, piece);
        }

        long bytes = (long)pieces * piece.Length;
        await SendAsync(new CommandFrame { Type = CommandFrame.Ended, Id = 1, Reason = "finished", Status = 0, Output = new StreamFrame(bytes, $"{sum:x8}"), Error = new StreamFrame(0, "00000000") }, []);
        await passing.WaitAsync(Shell.Patience);
        Assert.Equal(bytes, (await command.Ended.WaitAsync(Shell.Patience)).Output.Bytes);
        server.Client.Close(0); // what still waits to be sent is told

        async Task SendAsync(CommandFrame frame, byte[] body)
        {
            var header = new ArrayBufferWriter<byte>();
            CommandFrame.Codec.Write(header, frame);
            await server.GetStream().WriteAsync(header.WrittenMemory).AsTask().WaitAsync(Shell.Patience);
            await server.GetStream().WriteAsync(body).AsTask().WaitAsync(Shell.Patience);
        }
    }

    [Fact] // H13
    public async Task When_the_caller_vanishes_its_commands_end()
    {
        await using var place = await Place.StartAsync();
        await using Connection connection = await Dialer.ConnectAsync(place.Address);
        await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Run, Id = 1, Line = "sleep 987 & (setsid sleep 987 &) ; sleep 987" });
        JsonMessage<CommandFrame> started = (await connection.ReceiveAsync(CommandFrame.Codec))!;
        Assert.Equal(CommandFrame.Started, started.Header.Type);
        connection.Abort();
        string mark = $"{CommandStart.RunVariable}={started.Header.RunId}";
        long begun = TimeProvider.System.GetTimestamp();
        while (ProcessList.All().Any(pid => ProcessList.IsMarked(pid, mark)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Shell.Patience, "Its processes are still there.");
            await Task.Delay(20);
        }

        await place.UntilLogAsync("caller-left");
    }

    [Fact]
    public async Task Cancelling_ends_the_command_and_leaves_the_connection_usable()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        Task<CommandReport> running = client.RunAsync(new CommandRequest("sleep", "987"), cancellationToken: cancel.Token);
        await place.UntilLogAsync("\"start\"");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Shell.Patience));
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true"))).Status);
    }

    [Fact]
    public async Task A_command_that_is_cancelled_while_it_waits_for_a_place_is_never_started()
    {
        using var folder = new Cli.Tests.Folder();
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { MaxRunning = 1 });
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand running = await client.StartAsync(new CommandRequest("cat"));
        using var cancel = new CancellationTokenSource();
        Task<RemoteCommand> waiting = client.StartAsync(new CommandRequest("touch", folder["touched"]), cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(CommandError.NotStarted, (await Assert.ThrowsAsync<CommandException>(() => waiting.WaitAsync(Shell.Patience))).Reason);
        await running.FinishInputAsync();
        Assert.Equal(0, (await running.Ended.WaitAsync(Shell.Patience)).Status);
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true")).WaitAsync(Shell.Patience)).Status);
        Assert.False(File.Exists(folder["touched"]));
    }

    [Fact]
    public async Task Refusals_say_why()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        Assert.Equal(CommandError.NotFound, await FailAsync(new CommandRequest("no-such-program")));
        Assert.Equal(CommandError.NotExecutable, await FailAsync(new CommandRequest("/etc/passwd")));
        Assert.Equal(CommandError.BadRequest, await FailAsync(new CommandRequest("true") { Folder = "/no/such/folder" }));
        Assert.Equal(CommandError.BadRequest, await FailAsync(new CommandRequest("a\0b")));
        Assert.Equal(CommandError.NotAllowed, await FailAsync(new CommandRequest()));
        Assert.Equal(CommandError.BadRequest, await FailAsync(new CommandRequest("true", new string('x', 2 << 20))));
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true"))).Status);

        async Task<CommandError> FailAsync(CommandRequest request) =>
            (await Assert.ThrowsAsync<CommandException>(() => client.RunAsync(request).WaitAsync(Shell.Patience))).Reason;
    }

    [Fact]
    public async Task A_policy_explains_itself_over_the_wire()
    {
        await using var place = await Place.StartAsync(policy: CommandPolicy.Parse("""{"rules": [{"name": "r", "program": "/bin/echo", "arguments": ["hi"]}]}"""u8));
        await using CommandClient client = await place.ConnectAsync();
        CommandDecision allowed = await client.ExplainAsync(new CommandRequest("echo", "hi"));
        Assert.Equal((true, "r"), (allowed.IsAllowed, allowed.Rule));
        CommandDecision refused = await client.ExplainAsync(new CommandRequest("echo", "ho"));
        Assert.Equal((false, "Rule 'r': argument 1: 'ho' is not the word 'hi'."), (refused.IsAllowed, refused.Message));
        Assert.Equal(CommandError.NotAllowed, (await Assert.ThrowsAsync<CommandException>(() => client.RunAsync(new CommandRequest { Line = "echo hi; id" }))).Reason);
        Assert.Equal(0, (await client.RunAsync(new CommandRequest { Line = "echo 'hi'" })).Status);
    }

    [Fact]
    public async Task A_lost_connection_is_not_an_end()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("sleep", "987"));
        await place.Server.DisposeAsync();
        Assert.Equal(CommandError.ConnectionLost, (await Assert.ThrowsAsync<CommandException>(() => command.Ended.WaitAsync(Shell.Patience))).Reason);
        await Assert.ThrowsAsync<CommandException>(() => Shell.ReadAsync(command.Output));
    }

    [Fact]
    public async Task A_server_that_stops_lets_commands_finish_and_takes_no_more()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("cat"));
        Task<DrainReport> stopping = place.Server.StopAsync(TimeSpan.FromSeconds(30));
        CommandError refused = CommandError.NotFound;
        while (refused != CommandError.Stopping)
        {
            await client.RunAsync(new CommandRequest("true")).ContinueWith(
                task => refused = (task.Exception?.InnerException as CommandException)?.Reason ?? refused, TaskScheduler.Default).WaitAsync(Shell.Patience);
        }

        await command.Input.WriteAsync("last words"u8.ToArray());
        await command.FinishInputAsync();
        Assert.Equal("last words", Encoding.UTF8.GetString(await Shell.ReadAsync(command.Output)));
        Assert.Equal(0, (await command.Ended.WaitAsync(Shell.Patience)).Status);
        Assert.Empty((await stopping.WaitAsync(Shell.Patience)).Stragglers);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_server_that_has_waited_for_long_enough_ends_commands_and_tells_their_callers(bool overDatagrams, bool isKept)
    {
        var options = new CommandServiceOptions { StopPatience = TimeSpan.FromMilliseconds(200), Limits = new CommandLimits { Grace = TimeSpan.FromSeconds(30) } };
        await using Place place = overDatagrams ? await Place.StartWithFlowsAsync(options: options) : await Place.StartAsync(options: options);
        await using CommandClient client = overDatagrams ? await CommandClient.ConnectOverDatagramsAsync(place.Address) : await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest { Line = "trap 'echo last words; exit 6' TERM; echo up; while :; do sleep 0.05; done", Keep = isKept });
        var output = new StringBuilder();
        await Shell.UntilAsync(command.Output, output, "up\n");
        Task<DrainReport> stopping = place.Server.StopAsync(TimeSpan.FromSeconds(50));
        await Shell.UntilAsync(command.Output, output, "last words\n");
        CommandReport report = await command.Ended.WaitAsync(Shell.Patience);
        Assert.Equal((CommandEnd.ServerStopping, 6), (report.Reason, report.Status));
        Assert.Empty((await stopping.WaitAsync(Shell.Patience)).Stragglers);
    }

    [Fact]
    public async Task A_variable_without_a_text_is_refused()
    {
        await using var place = await Place.StartAsync();
        await using Connection connection = await Dialer.ConnectAsync(place.Address);
        await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Run, Id = 1, Command = ["true"], Environment = new() { ["A"] = null! } });
        JsonMessage<CommandFrame> answer = (await connection.ReceiveAsync(CommandFrame.Codec).AsTask().WaitAsync(Shell.Patience))!;
        Assert.Equal((CommandFrame.Refused, "bad-request"), (answer.Header.Type, answer.Header.Code));
    }

    [Fact]
    public async Task A_caller_that_does_not_read_what_became_of_its_commands_starts_no_more_of_them()
    {
        await using var place = await Place.StartAsync("memory:commands-unread", CommandPolicy.Nothing);
        await using Connection connection = await Dialer.ConnectAsync(place.Address);
        Task flood = FloodAsync();
        await Task.WhenAny(flood, Task.Delay(TimeSpan.FromSeconds(2)));
        Assert.False(flood.IsCompleted, "Every request was taken, and no answer was read.");
        connection.Abort();
        await flood.ContinueWith(static _ => { }, TaskScheduler.Default);

        async Task FloodAsync()
        {
            for (int i = 1; i <= 20_000; i++)
                await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Run, Id = i, Command = ["true"] });
        }
    }

    [Fact]
    public async Task Whoever_sends_beyond_its_credit_is_closed()
    {
        await using var place = await Place.StartAsync();
        await using Connection connection = await Dialer.ConnectAsync(place.Address);
        await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Run, Id = 1, Command = ["sleep", "987"] });
        var piece = new byte[CommandFrame.MaxPieceBytes];
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
                await connection.SendAsync(CommandFrame.Codec, new CommandFrame { Type = CommandFrame.Stdin, Id = 1, Size = piece.Length }, piece).AsTask().WaitAsync(Shell.Patience);
        });
        await place.UntilLogAsync("caller-left");
    }

    [Fact]
    public async Task Only_those_who_prove_the_key_get_in()
    {
        var key = HmacKey.FromText("a key of more than sixteen bytes");
        await using var place = await Place.StartAsync(configure: server => server.Use(ChannelBoundChallenge.With(key)));
        await using (CommandClient client = await CommandClient.ConnectAsync(place.Address, new CommandClientOptions { Key = key }))
            Assert.Equal(0, (await client.RunAsync(new CommandRequest("true"))).Status);
        await Assert.ThrowsAsync<TrustException>(() => CommandClient.ConnectAsync(place.Address, new CommandClientOptions { Key = HmacKey.Random() }));
    }

    [Fact]
    public async Task A_name_and_password_get_in_and_become_the_user()
    {
        ScramVerifier verifier = ScramVerifier.Create("secret", ScramVerifier.MinIterations);
        var accounts = new ScramAccounts(name => name == "alice" ? verifier : null, new byte[32], ScramVerifier.MinIterations);
        await using var place = await Place.StartAsync(configure: server => server.Use(ScramAuthentication.With(accounts)));
        await using CommandClient client = await CommandClient.ConnectAsync(place.Address, new CommandClientOptions { UserName = "alice", Password = "secret" });
        using var output = new MemoryStream();
        await client.RunAsync(new CommandRequest { Line = "echo $DIALTONE_USER" }, output);
        Assert.Equal("alice\n", Encoding.UTF8.GetString(output.ToArray()));
        await Assert.ThrowsAsync<TrustException>(() => CommandClient.ConnectAsync(place.Address, new CommandClientOptions { UserName = "alice", Password = "wrong" }));
    }

    [Fact]
    public async Task Two_hundred_commands_at_once_share_a_few_connections()
    {
        await using var place = await Place.StartAsync();
        CommandClient[] clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => place.ConnectAsync()));
        RemoteCommand[] all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => clients[i % 4].StartAsync(new CommandRequest("sh", "-c", $"read x; echo {i}; exit {i}"))));
        // All 200 run now, since none has got its line.
        await Task.WhenAll(all.Select(async (command, i) =>
        {
            await command.FinishInputAsync();
            Assert.Equal($"{i}\n", Encoding.UTF8.GetString(await Shell.ReadAsync(command.Output)));
            Assert.Equal(i, (await command.Ended.WaitAsync(Shell.Patience)).Status);
        }));
        foreach (CommandClient client in clients)
            await client.DisposeAsync();
    }

    /// <summary>Bytes that differ, without holding them, and the checksum of those that were read.</summary>
    private sealed class Numbers(long size) : MemoryStream
    {
        private long _position;

        public uint Sum { get; private set; }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => PassAsync(destination, cancellationToken);

        private async Task PassAsync(Stream destination, CancellationToken cancellationToken)
        {
            var piece = new byte[64 * 1024];
            while (_position < size)
            {
                int count = (int)Math.Min(piece.Length, size - _position);
                for (int i = 0; i + 8 <= count; i += 8)
                    BitConverter.TryWriteBytes(piece.AsSpan(i), (_position + i) * 0x2545F4914F6CDD1D);
                Sum = Crc32C.Append(Sum, piece.AsSpan(0, count));
                _position += count;
                await destination.WriteAsync(piece.AsMemory(0, count), cancellationToken);
            }
        }
    }
}
