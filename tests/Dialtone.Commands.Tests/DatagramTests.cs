using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>The native protocol in reliable datagrams.</summary>
public sealed class DatagramTests
{
    [Fact]
    public async Task A_command_runs_as_if_it_ran_here()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address);
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        using var input = new MemoryStream("hello"u8.ToArray());
        CommandReport report = await client.RunAsync(new CommandRequest("sh", "-c", "cat; echo oops >&2; exit 9"), output, error, input).WaitAsync(Shell.Patience);
        Assert.Equal(("hello", "oops\n"), (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray())));
        Assert.Equal((CommandEnd.Finished, 9), (report.Reason, report.Status));
    }

    [Fact] // the bar: 10 % lost, 5 % doubled, each way
    public async Task Each_request_is_executed_once_or_reported_failed_whatever_the_network_does()
    {
        int requests = Shell.IsLong ? 10_000 : 500;
        int seed = Random.Shared.Next();
        var bad = new ChaosDatagrams { Loss = 0.1, Duplication = 0.05, Reordering = 0.1 };
        await using var place = await Place.StartWithFlowsAsync();
        await using var network = ChaosUdpProxy.Start(place.Datagrams, new ChaosUdpOptions { Seed = seed, ToServer = bad, ToClient = bad });
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address, datagrams: network.Address);
        string journal = Path.GetTempFileName();
        try
        {
            var done = new ConcurrentBag<int>();
            using var gate = new SemaphoreSlim(48);
            await Task.WhenAll(Enumerable.Range(0, requests).Select(RunAsync));
            int[] executed = [.. File.ReadAllLines(journal).Select(int.Parse)];
            Assert.True(executed.Distinct().Count() == executed.Length, $"seed {seed}: something was executed twice");
            Assert.True(done.All(executed.ToHashSet().Contains), $"seed {seed}: something was reported and not executed");
            Assert.True(done.Count == requests, $"seed {seed}: {done.Count} of {requests} were done; on this network all can be");
            Assert.True(network.Counts.Lost > 0, "nothing was lost: this proves nothing");

            async Task RunAsync(int i)
            {
                await gate.WaitAsync();
                try
                {
                    if ((await client.RunAsync(new CommandRequest("sh", "-c", $"echo {i} >> {journal}")).WaitAsync(Shell.Patience)).Status == 0)
                        done.Add(i);
                }
                catch (CommandException)
                {
                    // Reported as failed: it may have been executed, and then once.
                }
                finally
                {
                    gate.Release();
                }
            }
        }
        finally
        {
            File.Delete(journal);
        }
    }

    [Fact]
    public async Task Replies_and_input_of_any_length_arrive_whole_on_a_bad_line()
    {
        var bad = new ChaosDatagrams { Loss = 0.05, Duplication = 0.05, Reordering = 0.05 };
        await using var place = await Place.StartWithFlowsAsync();
        await using var network = ChaosUdpProxy.Start(place.Datagrams, new ChaosUdpOptions { ToServer = bad, ToClient = bad });
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address, datagrams: network.Address);
        byte[] sent = Shell.Bytes(Shell.IsLong ? 8 << 20 : 1 << 20);
        using var output = new MemoryStream();
        using var input = new MemoryStream(sent);
        CommandReport report = await client.RunAsync(new CommandRequest("tee", "/dev/stderr"), output, Stream.Null, input).WaitAsync(Shell.Patience);
        Assert.Equal((0, sent.LongLength, sent.LongLength), (report.Status, report.Output.Bytes, report.Error.Bytes));
        Assert.True(sent.AsSpan().SequenceEqual(output.GetBuffer().AsSpan(0, (int)output.Length)));
    }

    [Fact]
    public async Task The_caller_may_change_its_address_in_mid_command()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address);
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("cat"));
        for (int i = 0; i < 5; i++)
        {
            byte[] line = Encoding.UTF8.GetBytes($"from place {i}\n");
            await command.Input.WriteAsync(line);
            var back = new byte[line.Length];
            await command.Output.ReadExactlyAsync(back).AsTask().WaitAsync(Shell.Patience);
            Assert.Equal(line, back);
            await client.MoveAsync();
        }

        await command.FinishInputAsync();
        Assert.Equal(0, (await command.Ended.WaitAsync(Shell.Patience)).Status);
    }

    [Fact]
    public async Task Losing_the_connection_that_let_it_in_is_not_leaving()
    {
        await using var place = await Place.StartWithFlowsAsync();
        var network = ChaosTcpProxy.Start(place.Address);
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(network.Address, datagrams: place.Datagrams);
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("cat"));
        await network.DisposeAsync();
        await command.Input.WriteAsync("still here"u8.ToArray());
        await command.FinishInputAsync();
        Assert.Equal("still here", Encoding.UTF8.GetString(await Shell.ReadAsync(command.Output)));
        Assert.Equal(0, (await command.Ended.WaitAsync(Shell.Patience)).Status);
    }

    [Fact]
    public async Task A_caller_that_closes_its_flow_has_left()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using (CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address))
            await client.StartAsync(new CommandRequest("sleep", "987"));
        await place.UntilLogAsync("caller-left");
    }

    [Fact]
    public async Task A_caller_that_vanishes_has_left_once_nothing_was_heard_of_it()
    {
        var quick = new FlowServerOptions { Flow = new FlowOptions { GiveUp = TimeSpan.FromSeconds(5) } };
        await using var place = await Place.StartWithFlowsAsync(quick);
        var network = ChaosTcpProxy.Start(place.Address);
        var datagrams = ChaosUdpProxy.Start(place.Datagrams);
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(network.Address, datagrams: datagrams.Address);
        await client.StartAsync(new CommandRequest("sleep", "987"));
        await datagrams.DisposeAsync();
        await network.DisposeAsync(); // its process is gone: the system closes the connection, and the server asks for a sign of life
        await place.UntilLogAsync("caller-left");
    }

    [Fact]
    public async Task A_server_that_stops_serves_them_to_their_end()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address);
        await using RemoteCommand command = await client.StartAsync(new CommandRequest { Line = "echo there; read line; echo $line; exit 7" });
        var said = new StringBuilder();
        await Shell.UntilAsync(command.Output, said, "there\n");
        Task<DrainReport> stopping = place.Server.StopAsync(Shell.Patience);
        Exception? refused = null;
        while (refused is null) // until it drains
            refused = await Record.ExceptionAsync(() => client.RunAsync(new CommandRequest("true")).WaitAsync(Shell.Patience));
        Assert.Equal(CommandError.Stopping, Assert.IsType<CommandException>(refused).Reason);
        await command.Input.WriteAsync("still heard\n"u8.ToArray());
        await Shell.UntilAsync(command.Output, said, "still heard\n");
        Assert.Equal((CommandEnd.Finished, 7), ((await command.Ended.WaitAsync(Shell.Patience)).Reason, (await command.Ended).Status!.Value));
        Assert.Empty((await stopping.WaitAsync(Shell.Patience)).Stragglers);
    }

    [Fact]
    public async Task Those_that_last_longer_than_a_server_may_take_to_stop_are_ended()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address);
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("sleep", "987"));
        await place.Server.StopAsync(TimeSpan.FromMilliseconds(200)).WaitAsync(Shell.Patience);
        await place.UntilLogAsync("server-stopping");
        CommandException lost = await Assert.ThrowsAsync<CommandException>(() => command.Ended.WaitAsync(Shell.Patience));
        Assert.Equal(CommandError.ConnectionLost, lost.Reason);
    }

    [Fact]
    public async Task Without_keys_nobody_is_answered()
    {
        await using var place = await Place.StartWithFlowsAsync();
        using var stranger = new UdpClient();
        stranger.Connect("127.0.0.1", place.Datagrams.Port);
        await stranger.SendAsync("id"u8.ToArray());
        await stranger.SendAsync(new byte[1200]);
        await stranger.SendAsync((byte[])[0xFF, 1, .. new byte[200]]);
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address); // everything before it has been looked at
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true")).WaitAsync(Shell.Patience)).Status);
        Assert.Equal(0, stranger.Available);
        Assert.Equal(1, place.Log.Split("\"start\"").Length - 1);
    }

    [Fact]
    public async Task A_server_without_datagrams_says_so()
    {
        await using var place = await Place.StartAsync();
        CommandException refused = await Assert.ThrowsAsync<CommandException>(() => CommandClient.ConnectOverDatagramsAsync(place.Address));
        Assert.Equal((CommandError.NotAllowed, "This server takes no datagrams."), (refused.Reason, refused.Message));
    }

    [Fact]
    public async Task A_request_too_long_for_a_message_is_refused_here()
    {
        await using var place = await Place.StartWithFlowsAsync();
        await using CommandClient client = await CommandClient.ConnectOverDatagramsAsync(place.Address);
        CommandException refused = await Assert.ThrowsAsync<CommandException>(() => client.RunAsync(new CommandRequest("true", new string('x', 70_000))));
        Assert.Equal(CommandError.BadRequest, refused.Reason);
        Assert.Equal(0, (await client.RunAsync(new CommandRequest("true")).WaitAsync(Shell.Patience)).Status);
    }
}
