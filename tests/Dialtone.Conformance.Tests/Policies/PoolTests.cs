namespace Dialtone.Conformance.Tests;

/// <summary>The counts of the policies that have one: exactly so many run, so many wait, and what happens to one more.</summary>
public sealed class PoolTests
{
    public static TheoryData<EngineKind, bool> EngineAndBlocks { get; } = Combine();

    private static TheoryData<EngineKind, bool> Combine()
    {
        var data = new TheoryData<EngineKind, bool>();
        foreach (TheoryDataRow<EngineKind> engine in Matrix.Engines)
        {
            data.Add(engine.Data, false);
            data.Add(engine.Data, true);
        }

        return data;
    }

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public Task A_pool_runs_so_many_queues_so_many_and_rejects_the_next(EngineKind engine, bool blocks) => RejectsTheNextAsync(engine, blocks, WhenFull.Reject);

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public Task A_connection_that_waits_is_not_dropped_for_a_later_one(EngineKind engine, bool blocks) => RejectsTheNextAsync(engine, blocks, WhenFull.DropOldest);

    private static async Task RejectsTheNextAsync(EngineKind engine, bool blocks, WhenFull whenFull)
    {
        const int Workers = 3, Queue = 2;
        await using Rig rig = await StartAsync(engine, blocks, Concurrency.Pool(Workers, Queue, whenFull));
        var callers = new List<Caller>();
        for (int i = 0; i < Workers; i++)
        {
            callers.Add(await rig.CallAsync());
            Assert.Equal("run", await callers[i].AskAsync("run"));
        }

        for (int i = Workers; i < Workers + Queue; i++)
        {
            callers.Add(await rig.CallAsync());
            await callers[i].SendAsync("wait");
            int expected = i + 1;
            await Eventually.TrueAsync(() => rig.Server.ActiveConnections == expected, "the caller waits in the queue");
        }

        using (Caller refused = await rig.CallAsync())
        {
            Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
            Assert.Equal(CloseReason.QueueFull, await rig.NextEndingAsync());
        }

        for (int i = 0; i < Workers; i++)
            Assert.Equal("run", await callers[i].AskAsync("run"));
        Assert.All(callers.Skip(Workers), static waiting => Assert.False(waiting.HasSomething));
        for (int i = 0; i < Queue; i++)
        {
            callers[i].Dispose();
            Assert.Equal("wait", await callers[Workers + i].ReceiveAsync(4)); // in the order they came
        }

        callers.ForEach(static caller => caller.Dispose());
    }

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public async Task A_pool_that_waits_leaves_the_rest_in_the_backlog(EngineKind engine, bool blocks)
    {
        await using Rig rig = await StartAsync(engine, blocks, Concurrency.Pool(2, queue: 1, WhenFull.Wait));
        await InTurnAsync(rig, running: 2, accepted: 3);
    }

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public async Task Threads_are_at_most_as_many_as_allowed(EngineKind engine, bool blocks)
    {
        await using Rig rig = await StartAsync(engine, blocks, Concurrency.Thread(3));
        await InTurnAsync(rig, running: 3, accepted: 3);
    }

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public async Task Whoever_waits_for_a_worker_at_the_drains_end_is_cut(EngineKind engine, bool blocks)
    {
        await using Rig rig = await StartAsync(engine, blocks, Concurrency.Pool(1, queue: 4, WhenFull.Wait));
        using Caller first = await rig.CallAsync();
        await first.AskAsync("run");
        using Caller waiting = await rig.CallAsync();
        await waiting.SendAsync("wait");
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 2, "the second waits");
        DrainReport report = await rig.Server.StopAsync(TimeSpan.Zero).SoonAsync();
        Assert.Equal(["reading", "waiting for its turn"], report.Stragglers.Select(static straggler => straggler.Activity).Order());
        Assert.Equal(PeerEnding.Reset, (await waiting.ReceiveToEndAsync()).Ending);
        Assert.Equal(CloseReason.Drained, await rig.NextEndingAsync());
        Assert.Equal(CloseReason.Drained, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(EngineAndBlocks))]
    public async Task Whoever_waits_for_a_worker_is_not_silent_yet(EngineKind engine, bool blocks)
    {
        var limit = TimeSpan.FromSeconds(16);
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, "pool:1:4", new Talk().For(blocks ? Matrix.Blocking : ""),
            options => options with { Time = time, Limits = new() { FirstByte = limit, Idle = limit, Write = null } });
        using Caller first = await rig.CallAsync();
        await first.AskAsync("run");
        using Caller waiting = await rig.CallAsync();
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 2, "the second waits");
        for (int i = 0; i < 5; i++)
        {
            time.Advance(limit * 0.6);
            await first.AskAsync("on");
        }

        Assert.Equal(2, rig.Server.ActiveConnections);
        first.Dispose();
        Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the first has left");
        time.Advance(limit * 0.6); // served from now on, and silent from now on
        Assert.Equal(1, rig.Server.ActiveConnections);
        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending);
        Assert.Equal(CloseReason.FirstByteTimeout, await ending);
    }

    /// <summary>Eight callers: so many are answered, so many are in, and each that leaves lets the next one in.</summary>
    private static async Task InTurnAsync(Rig rig, int running, int accepted)
    {
        var callers = new List<Caller>();
        for (int i = 0; i < 8; i++)
        {
            callers.Add(await rig.CallAsync());
            await callers[i].SendAsync("x");
            if (i < running)
                await callers[i].ReceiveAsync(1);
        }

        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == accepted, "as many are in as may be");
        for (int i = running; i < callers.Count; i++)
        {
            Assert.False(callers[i].HasSomething);
            Assert.True(rig.Server.ActiveConnections <= accepted);
            callers[i - running].Dispose();
            Assert.Equal("x", await callers[i].ReceiveAsync(1));
        }

        callers.ForEach(static caller => caller.Dispose());
    }

    private static Task<Rig> StartAsync(EngineKind engine, bool blocks, Concurrency policy) => Rig.StartAsync(
        engine, Place.Tcp4, "task", new Talk().For(blocks ? Matrix.Blocking : ""), options => options with { Concurrency = policy });
}
