using System.Net;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>Workers that crash, hang, are killed or never start harm one caller and leave nothing behind.</summary>
[Collection(WorkerProgram.OneAtATime)]
public sealed class WorkerLossTests
{
    [Theory]
    [InlineData("crash", "signal 6")]
    [InlineData("exit", "exit status 3")]
    public async Task A_worker_that_dies_harms_its_caller_alone(string order, string status)
    {
        using var log = new LogLines();
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { LoggerFactory = log });
        using Caller victim = await Caller.ConnectAsync(server.Addresses[0]);
        using Caller other = await Caller.ConnectAsync(server.Addresses[0]);
        string? otherPid = await other.AskAsync("pid");
        int pid = int.Parse((await victim.AskAsync("pid"))!);
        Assert.Null(await victim.AskAsync(order));
        Assert.Equal(otherPid, await other.AskAsync("pid"));
        using Caller next = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await next.AskAsync("pid"));
        await WorkerProgram.UntilAsync(() => !WorkerProgram.Workers().Contains(pid), "the worker is reaped");
        await WorkerProgram.UntilAsync(() => server.ActiveConnections == 2, "its place is free");
        Assert.True(log.Has($"Worker process {pid} was lost with connection 1 from 127.0.0.1:"), log.ToString());
        Assert.True(log.Has(status), log.ToString());
        Assert.True(log.Has("Connection 1 ended: WorkerLost"), log.ToString());
    }

    [Fact] // F24
    public async Task A_worker_killed_outright_frees_its_place_in_a_full_pool()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Concurrency = WorkerProgram.Policy("orders", max: 1) });
        using Caller victim = await Caller.ConnectAsync(server.Addresses[0]);
        int pid = int.Parse((await victim.AskAsync("pid"))!);
        using Caller next = await Caller.ConnectAsync(server.Addresses[0]);
        await next.SayAsync("pid");
        Assert.Equal(0, Native.kill(pid, Native.SIGKILL));
        Assert.Null(await victim.HearAsync());
        Assert.NotEqual($"{pid}", await next.HearAsync());
        Assert.DoesNotContain(pid, WorkerProgram.Workers());
    }

    [Fact] // F24
    public async Task A_spare_that_is_killed_is_replaced()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        await WorkerProgram.UntilAsync(() => WorkerProgram.Workers().Length == 1, "a spare");
        int spare = WorkerProgram.Workers()[0];
        Assert.Equal(0, Native.kill(spare, Native.SIGKILL));
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotEqual($"{spare}", await caller.AskAsync("pid"));
    }

    [Fact] // F24
    public async Task Signals_that_ask_to_end_do_not_reach_a_worker()
    {
        await using Server server = await WorkerProgram.StartAsync("orders");
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        int pid = int.Parse((await caller.AskAsync("pid"))!);
        Assert.Equal(0, Native.kill(pid, Native.SIGTERM));
        Assert.Equal(0, Native.kill(pid, Native.SIGINT));
        Assert.Equal($"{pid}", await caller.AskAsync("pid"));
    }

    [Fact]
    public async Task A_caller_that_crashed_a_worker_pays_the_penalty()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Penalties = new PenaltyOptions() });
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.Null(await caller.AskAsync("crash"));
        await WorkerProgram.UntilAsync(() => server.Penalties.IsRefused(IPAddress.Loopback), "the charge");
        using Caller again = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.Null(await again.HearAsync());
    }

    [Fact]
    public async Task Penalties_that_a_worker_charges_are_the_servers()
    {
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            Penalties = new PenaltyOptions { AuthenticationFailed = TimeSpan.FromMinutes(5) }, // one is enough, however long it takes
        });
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        Assert.NotNull(await caller.AskAsync("charge 192.0.2.7"));
        await WorkerProgram.UntilAsync(() => server.Penalties.IsRefused(IPAddress.Parse("192.0.2.7")), "the parent has heard of it");
    }

    [Fact]
    public async Task A_handler_that_goes_on_after_a_limit_has_cut_its_connection_is_killed()
    {
        using var log = new LogLines();
        var time = new FakeTimeProvider();
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            Time = time,
            LoggerFactory = log,
            Concurrency = WorkerProgram.Policy("orders", settings: "idle=1500"),
        });
        using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
        int pid = int.Parse((await caller.AskAsync("pid"))!);
        Assert.Equal("blocking", await caller.AskAsync("block"));
        Assert.Null(await caller.HearAsync()); // the limit, which holds in the worker
        await WorkerProgram.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return !WorkerProgram.Workers().Contains(pid);
        }, "the worker is killed");
        await WorkerProgram.UntilAsync(() => log.Has("Connection 1 ended: Idle"), "the end is on record");
        Assert.False(log.Has("was lost"), log.ToString());
    }

    [Theory] // F25
    [InlineData("never", "exit status 7")]
    [InlineData(null, "No such file")]
    public async Task Where_no_worker_can_be_started_callers_are_closed_and_the_server_lives(string? handler, string problem)
    {
        using var log = new LogLines();
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions
        {
            LoggerFactory = log,
            Concurrency = handler is null ? Concurrency.Process() with { Worker = ["/nonexistent/worker"] } : WorkerProgram.Policy(handler),
        });
        for (int i = 0; i < 3; i++)
        {
            using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
            Assert.Null(await caller.HearAsync());
        }

        Assert.True(log.Has("could not be started"), log.ToString());
        Assert.True(log.Has(problem), log.ToString());
        Assert.True((await server.StopAsync()).IsClean);
    }
}
