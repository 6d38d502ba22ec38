using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>Commands that outlive their callers.</summary>
public sealed class KeepTests
{
    [Fact]
    public async Task A_kept_command_goes_on_without_its_caller_and_nothing_of_it_is_lost()
    {
        await using var place = await Place.StartAsync();
        string run;
        await using (CommandClient client = await place.ConnectAsync())
        {
            RemoteCommand command = await client.StartAsync(new CommandRequest("sh", "-c", "echo before; read line; echo got $line; echo err >&2; exit 5") { Keep = true });
            var read = new StringBuilder();
            await Shell.UntilAsync(command.Output, read, "before\n");
            run = command.RunId;
        }

        await using CommandClient again = await place.ConnectAsync();
        KeptCommand kept = Assert.Single(await again.ListKeptAsync());
        Assert.Equal((run, 7, (CommandReport?)null), (kept.RunId, kept.OutputBytes, kept.Report));
        await using RemoteCommand attached = await again.AttachAsync(run);
        await attached.Input.WriteAsync("hello\n"u8.ToArray());
        Assert.Equal("before\ngot hello\n", Encoding.UTF8.GetString(await Shell.ReadAsync(attached.Output)));
        Assert.Equal("err\n", Encoding.UTF8.GetString(await Shell.ReadAsync(attached.Error)));
        Assert.Equal(5, (await attached.Ended.WaitAsync(Shell.Patience)).Status);
        Assert.Equal(5, Assert.Single(await again.ListKeptAsync()).Report?.Status);
        Assert.Equal("before\ngot hello\n", Encoding.UTF8.GetString(await Shell.ReadAsync((await again.AttachAsync(run)).Output))); // and once more
    }

    [Fact]
    public async Task Whoever_attaches_takes_over()
    {
        await using var place = await Place.StartAsync();
        await using CommandClient one = await place.ConnectAsync();
        await using CommandClient two = await place.ConnectAsync();
        await using RemoteCommand first = await one.StartAsync(new CommandRequest("cat") { Keep = true });
        await using RemoteCommand second = await two.AttachAsync(first.RunId);
        Assert.Equal(CommandError.TakenOver, (await Assert.ThrowsAsync<CommandException>(() => first.Ended.WaitAsync(Shell.Patience))).Reason);
        await second.Input.WriteAsync("mine now"u8.ToArray());
        await second.FinishInputAsync();
        Assert.Equal("mine now", Encoding.UTF8.GetString(await Shell.ReadAsync(second.Output)));
        Assert.Equal(0, (await second.Ended.WaitAsync(Shell.Patience)).Status);
    }

    [Fact]
    public async Task Nobody_but_the_same_user_sees_it()
    {
        int callers = 0;
        await using var place = await Place.StartAsync(configure: server => server.Use((connection, next) =>
        {
            connection.User = Interlocked.Increment(ref callers) == 1 ? "alice" : "mallory";
            return next(connection);
        }));
        await using CommandClient alice = await place.ConnectAsync();
        await using RemoteCommand command = await alice.StartAsync(new CommandRequest("cat") { Keep = true });
        await using CommandClient mallory = await place.ConnectAsync();
        Assert.Empty(await mallory.ListKeptAsync());
        Assert.Equal(CommandError.NoSuchRun, (await Assert.ThrowsAsync<CommandException>(() => mallory.AttachAsync(command.RunId))).Reason);
        Assert.Single(await alice.ListKeptAsync());
    }

    [Fact]
    public async Task What_a_kept_command_may_write_is_bounded_and_said()
    {
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { MaxKeptBytes = 100_000 });
        await using CommandClient client = await place.ConnectAsync();
        using var output = new MemoryStream();
        CommandReport report = await client.RunAsync(new CommandRequest("yes") { Keep = true }, output).WaitAsync(Shell.Patience);
        Assert.Equal((CommandEnd.OutputLimit, 100_000, 100_000), (report.Reason, report.Output.Bytes, output.Length));
    }

    [Fact]
    public async Task So_many_are_kept_and_the_oldest_that_has_ended_gives_way()
    {
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { MaxKept = 2 });
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand runs = await client.StartAsync(new CommandRequest("cat") { Keep = true });
        foreach (string word in (string[])["one", "two", "three"])
            Assert.Equal(0, (await client.RunAsync(new CommandRequest("echo", word) { Keep = true }).WaitAsync(Shell.Patience)).Status);
        Assert.Equal(["cat", "echo three"], (await client.ListKeptAsync()).Select(kept => kept.Command));
        await using RemoteCommand second = await client.StartAsync(new CommandRequest("cat") { Keep = true });
        CommandException full = await Assert.ThrowsAsync<CommandException>(() => client.StartAsync(new CommandRequest("cat") { Keep = true }));
        Assert.Equal((CommandError.Busy, "2 commands are kept already."), (full.Reason, full.Message));
        await Task.WhenAll(runs.CancelAsync(), second.CancelAsync());
        Assert.Equal(CommandEnd.Cancelled, (await second.Ended.WaitAsync(Shell.Patience)).Reason);
    }

    [Fact]
    public async Task It_is_forgotten_some_time_after_its_end()
    {
        var time = new FakeTimeProvider();
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { KeepFor = TimeSpan.FromMinutes(5), Time = time });
        await using CommandClient client = await place.ConnectAsync();
        await client.RunAsync(new CommandRequest("true") { Keep = true }).WaitAsync(Shell.Patience);
        Assert.Single(await client.ListKeptAsync());
        long begun = TimeProvider.System.GetTimestamp();
        while ((await client.ListKeptAsync()).Count > 0)
        {
            time.Advance(TimeSpan.FromMinutes(5));
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Shell.Patience);
        }
    }

    [Fact]
    public async Task It_is_not_forgotten_while_somebody_reads_it()
    {
        var time = new FakeTimeProvider();
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { KeepFor = TimeSpan.FromMinutes(5), Time = time });
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("head", "-c", "8000000", "/dev/zero") { Keep = true });
        await place.UntilLogAsync("\"end\""); // more than there is credit for is still there
        for (int minute = 0; minute < 20; minute++)
        {
            Assert.Single(await client.ListKeptAsync());
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(8_000_000, (await Shell.ReadAsync(command.Output)).Length);
        Assert.Empty(await Shell.ReadAsync(command.Error));
        Assert.Equal(0, (await command.Ended.WaitAsync(Shell.Patience)).Status);
    }

    [Fact]
    public async Task A_server_that_keeps_none_says_so()
    {
        await using var place = await Place.StartAsync(options: new CommandServiceOptions { MaxKept = 0 });
        await using CommandClient client = await place.ConnectAsync();
        Assert.Equal(CommandError.NotAllowed, (await Assert.ThrowsAsync<CommandException>(() => client.StartAsync(new CommandRequest("true") { Keep = true }))).Reason);
    }

    [Fact]
    public async Task It_ends_with_the_service()
    {
        await using var place = await Place.StartAsync();
        await using (CommandClient client = await place.ConnectAsync())
            await client.StartAsync(new CommandRequest("sleep", "987") { Keep = true });
        await place.Server.StopAsync(TimeSpan.FromSeconds(10)).WaitAsync(Shell.Patience);
        await place.DisposeAsync();
        await place.UntilLogAsync("server-stopping");
    }
}
