using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone.Conformance.Tests;

/// <summary>The table of endings in ARCHITECTURE.md, row by row: who sees what when a conversation ends.</summary>
public sealed class EndingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static TheoryData<EngineKind, Place, string> Everywhere => Matrix.Endings;

    public static TheoryData<EngineKind, Place, string> WhereReadsDoNotBlock => [.. Matrix.Endings.Where(row => !row.Data.Item3.StartsWith("thread", StringComparison.Ordinal))];

    // ---- ended by the handler ----

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_returns(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, static async connection =>
        {
            await connection.SendAsync("flushed"u8.ToArray());
            connection.Output.Write("unflushed"u8);
        });
        using Caller caller = await rig.CallAsync();
        Assert.Equal(("flushedunflushed", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_returns_with_unread_input(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, static async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            connection.Output.Write("last words"u8);
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync(new byte[32 * 1024]);
        await caller.SendAsync("more that nobody reads");
        Assert.Equal(("last words", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(WhereReadsDoNotBlock))]
    public async Task The_handler_returns_while_a_read_of_its_waits(EngineKind engine, Place place, string policy)
    {
        Task<int>? reading = null;
        Connection? kept = null;
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection =>
        {
            kept = connection;
            reading = connection.ReceiveAsync(new byte[16]).AsTask();
            await connection.SendAsync("last words"u8.ToArray());
        });
        using Caller caller = await rig.CallAsync();
        Assert.Equal(("last words", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => reading!).SoonAsync()).Reason);
        await caller.SendAsync("what nobody reads");
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => kept!.ReceiveAsync(new byte[1]).AsTask())).Reason);
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => kept!.SendAsync(new byte[1]).AsTask())).Reason);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_returns_while_another_thread_reads(EngineKind engine, Place place, string policy)
    {
        Task<ReadResult>? reading = null;
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection =>
        {
            reading = await ReadOnAsync(connection);
            await connection.SendAsync("last words"u8.ToArray());
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("first");
        Assert.Equal(("last words", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        await caller.SendAsync("what nobody reads");
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => reading!).SoonAsync()).Reason);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_returns_while_another_thread_reads_and_the_peer_stays(EngineKind engine, Place place, string policy)
    {
        var time = new FakeTimeProvider();
        Task<ReadResult>? reading = null;
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection => reading = await ReadOnAsync(connection), options => options with { Time = time });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("first");
        Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending, TimeSpan.FromMilliseconds(100));
        Assert.Equal(CloseReason.HandlerFinished, await ending);
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => reading!).SoonAsync()).Reason);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_returns_and_the_peer_stays(EngineKind engine, Place place, string policy)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, static connection => connection.SendAsync("bye"u8.ToArray()).AsTask(),
            options => options with { Time = time });
        using Caller caller = await rig.CallAsync();
        Assert.Equal(("bye", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Task<CloseReason> ending = rig.NextEndingAsync();
        time.Advance(new ServerLimits().Linger - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, rig.Server.ActiveConnections);
        await time.AdvanceUntilAsync(ending, TimeSpan.FromMilliseconds(100));
        Assert.Equal(CloseReason.HandlerFinished, await ending);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_throws(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, static async connection =>
        {
            await connection.SendAsync("flushed"u8.ToArray());
            connection.Output.Write("half a message"u8);
            throw new InvalidDataException("on purpose");
        });
        using Caller caller = await rig.CallAsync();
        Assert.Equal(("flushed", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(CloseReason.HandlerError, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_throws_while_another_thread_reads(EngineKind engine, Place place, string policy)
    {
        Task<ReadResult>? reading = null;
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection =>
        {
            reading = await ReadOnAsync(connection);
            throw new InvalidDataException("on purpose");
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("first");
        Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(CloseReason.HandlerError, await rig.NextEndingAsync());
        Assert.Equal(TransportError.Closed, (await Assert.ThrowsAsync<TransportException>(() => reading!).SoonAsync()).Reason);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_handler_finds_the_peer_breaking_the_protocol(EngineKind engine, Place place, string policy)
    {
        int hooks = 0;
        await using Rig rig = await Rig.StartAsync(
            engine, place, policy,
            static async connection =>
            {
                await connection.ReceiveAsync(new byte[1]);
                await connection.SendAsync("400 sorry"u8.ToArray());
                throw new ProtocolException(ProtocolError.FrameTooLarge, "on purpose");
            },
            options => options with { HandlerFailed = (_, _) => Interlocked.Increment(ref hooks) });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("nonsense");
        Assert.Equal(("400 sorry", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        caller.Dispose();
        Assert.Equal(CloseReason.ProtocolError, await rig.NextEndingAsync());
        Assert.Equal(0, hooks); // the peer's fault is no failure of the handler
    }

    // ---- ended by the peer ----

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_peer_closes(EngineKind engine, Place place, string policy)
    {
        var probe = new Probe();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, probe.RunAsync);
        using (Caller caller = await rig.CallAsync())
        {
            await caller.ReceiveAsync("flushed".Length);
            await probe.ReadingAsync();
        }

        Assert.Equal("end", (await probe.SawAsync()).Reader);
        Assert.Contains(await rig.NextEndingAsync(), (CloseReason[])[CloseReason.PeerClosed, CloseReason.PeerReset]); // reset, if our last words met a closed socket
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_peer_half_closes_and_reads_on(EngineKind engine, Place place, string policy)
    {
        var probe = new Probe();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, probe.RunAsync);
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("question");
        caller.FinishSending();
        Assert.Equal(("flushedunflushed+", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(("end", "ok"), await probe.SawAsync());
        Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_peer_resets(EngineKind engine, Place place, string policy)
    {
        var probe = new Probe();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, probe.RunAsync);
        using Caller caller = await rig.CallAsync();
        await probe.ReadingAsync(); // and leaves "flushed" unread: over a Unix socket that is what makes a reset
        caller.Reset();
        Assert.Equal(("PeerReset", "PeerReset"), await probe.SawAsync());
        Assert.Equal(CloseReason.PeerReset, await rig.NextEndingAsync());
    }

    // ---- ended on purpose by this side: a reset ----

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Abort(EngineKind engine, Place place, string policy) =>
        await CutAsync(engine, place, policy, CloseReason.Aborted, static (_, connection) =>
        {
            connection.Abort();
            return Task.CompletedTask;
        });

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Stop_with_no_time_left(EngineKind engine, Place place, string policy) =>
        await CutAsync(engine, place, policy, CloseReason.Drained, static async (server, connection) =>
        {
            DrainReport report = await server.StopAsync(TimeSpan.Zero).SoonAsync();
            Assert.Equal(connection.Id, Assert.Single(report.Stragglers).Id);
        });

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Dispose(EngineKind engine, Place place, string policy) =>
        await CutAsync(engine, place, policy, CloseReason.Disposed, static (server, _) => server.DisposeAsync().AsTask().SoonAsync());

    private static async Task CutAsync(EngineKind engine, Place place, string policy, CloseReason reason, Func<Server, Connection, Task> cut)
    {
        var probe = new Probe();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, probe.RunAsync);
        using Caller caller = await rig.CallAsync();
        Assert.Equal("flushed", await caller.ReceiveAsync("flushed".Length));
        await cut(rig.Server, await probe.ReadingAsync());
        Assert.Equal(($"Aborted {reason}", $"Aborted {reason}"), await probe.SawAsync());
        Assert.Equal(("", place == Place.Unix ? PeerEnding.Finished : PeerEnding.Reset), await caller.ReceiveToEndAsync());
        Assert.Equal(reason, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_peer_does_not_read_for_longer_than_a_write_may_wait(EngineKind engine, Place place, string policy)
    {
        var time = new FakeTimeProvider();
        var saw = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(
            engine, place, policy,
            async connection =>
            {
                (string seen, Exception? error) = await Probe.SeeAsync(connection, static async connection =>
                {
                    while (true)
                        await connection.SendAsync(new byte[256 * 1024]);
                });
                saw.SetResult(seen);
                throw error!;
            },
            options => options with { Time = time, Limits = new() { Write = Limit } });
        using Caller caller = await rig.CallAsync();
        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending);
        Assert.Equal(CloseReason.WriteTimeout, await ending);
        Assert.Equal("Aborted WriteTimeout", await saw.Task);
        Assert.True(time.Elapsed >= Limit);
        Assert.Equal(place == Place.Unix ? PeerEnding.Finished : PeerEnding.Reset, (await caller.ReceiveToEndAsync()).Ending);
    }

    // ---- ended by a limit: in order ----

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Nothing_moves_for_longer_than_idle(EngineKind engine, Place place, string policy) =>
        await PassLimitAsync(engine, place, policy, CloseReason.Idle, new() { Idle = Limit });

    [Theory, MemberData(nameof(Everywhere))]
    public async Task The_first_byte_does_not_come(EngineKind engine, Place place, string policy) =>
        await PassLimitAsync(engine, place, policy, CloseReason.FirstByteTimeout, new() { FirstByte = Limit });

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_read_waits_too_long(EngineKind engine, Place place, string policy) =>
        await PassLimitAsync(engine, place, policy, CloseReason.ReadTimeout, new() { Read = Limit });

    private static async Task PassLimitAsync(EngineKind engine, Place place, string policy, CloseReason reason, ServerLimits limits)
    {
        var time = new FakeTimeProvider();
        var probe = new Probe();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, probe.RunAsync, options => options with { Time = time, Limits = limits });
        using Caller caller = await rig.CallAsync();
        Connection connection = await probe.ReadingAsync();
        time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.Equal(CloseReason.None, connection.CloseReason);
        time.Advance(TimeSpan.FromSeconds(2.5)); // late by an eighth at most
        Assert.Equal(reason, connection.CloseReason);
        Assert.Equal(($"Aborted {reason}", $"Aborted {reason}"), await probe.SawAsync());
        Assert.Equal(("flushed", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        Assert.Equal(reason, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task One_caller_too_many(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, Handlers.EchoAsync, static options => options with { Limits = new() { MaxConnections = 1 } });
        using Caller admitted = await rig.CallAsync();
        await admitted.AskAsync("a");
        using Caller refused = await rig.CallAsync();
        Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
        Assert.Equal("b", await admitted.AskAsync("b"));
    }

    // ---- the server stops and the handlers take the hint ----

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Stop_with_time_enough(EngineKind engine, Place place, string policy)
    {
        var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            using CancellationTokenRegistration _ = connection.Closing.UnsafeRegister(_ => closing.SetResult(), null);
            await goOn.Task;
            connection.Output.Write("finished in time"u8);
        });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("x");
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the caller is in");
        Task<DrainReport> stopping = rig.Server.StopAsync(Eventually.Patience);
        await closing.Task.SoonAsync();
        Assert.False(stopping.IsCompleted);
        goOn.SetResult();
        Assert.Equal(("finished in time", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        caller.Dispose();
        DrainReport report = await stopping.SoonAsync();
        Assert.True(report.IsClean);
        Assert.Equal(1, report.Finished);
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    /// <summary>Leaves what has come in its block, and lets another thread read more into it.</summary>
    private static async Task<Task<ReadResult>> ReadOnAsync(Connection connection)
    {
        ReadResult first = await connection.Input.ReadAsync();
        connection.Input.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        var reading = Task.Run(() => connection.Input.ReadAsync().AsTask());
        await Eventually.TrueAsync(() => connection.DescribeActivity() == "reading", "the other thread reads");
        return reading;
    }
}
