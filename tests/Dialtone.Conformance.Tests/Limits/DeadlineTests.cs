using System.Buffers;

namespace Dialtone.Conformance.Tests;

/// <summary>The limits in time: never early, late by an eighth at most, and not for those who keep to them.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2); // an eighth
    private static readonly MinimumRate Rate = new(BytesPerSecond: 240, Grace: TimeSpan.FromSeconds(5));
    private static readonly TimeSpan AlmostLimit = Limit - TimeSpan.FromMilliseconds(1);

    public static TheoryData<EngineKind, Place> Transports => Matrix.Transports;

    [Theory, MemberData(nameof(Transports))]
    public async Task Whoever_says_something_has_met_the_first_byte_limit(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await StartAsync(engine, place, time, new() { FirstByte = Limit });
        using Caller caller = await rig.CallAsync();
        await caller.AskAsync("x");
        time.Advance(Limit * 10);
        Assert.Equal("y", await caller.AskAsync("y"));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task A_byte_either_way_puts_idle_off(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await StartAsync(engine, place, time, new() { Idle = Limit });
        using Caller caller = await rig.CallAsync();
        for (int i = 0; i < 5; i++)
        {
            await caller.AskAsync("x");
            time.Advance(AlmostLimit);
            Assert.Equal(1, rig.Server.ActiveConnections);
        }

        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending); // the last read may begin after the clock was turned
        Assert.Equal(CloseReason.Idle, await ending);
        Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Each_read_has_its_own_time(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await StartAsync(engine, place, time, new() { Read = Limit });
        using Caller caller = await rig.CallAsync();
        for (int i = 0; i < 5; i++)
        {
            await caller.AskAsync("x");
            time.Advance(AlmostLimit);
        }

        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending);
        Assert.Equal(CloseReason.ReadTimeout, await ending);
        Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task A_read_timeout_set_by_the_handler_holds_from_then_on(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(
            engine, place, "task",
            async connection =>
            {
                await connection.ReceiveAsync(new byte[1]);
                connection.ReadTimeout = Limit;
                await connection.SendAsync("!"u8.ToArray());
                await Handlers.ReadToEndAsync(connection);
            },
            options => options with { Time = time });
        using Caller caller = await rig.CallAsync();
        time.Advance(Limit * 3);
        Assert.Equal("!", await caller.AskAsync("x"));
        Task<CloseReason> ending = rig.NextEndingAsync();
        await time.AdvanceUntilAsync(ending);
        Assert.Equal(CloseReason.ReadTimeout, await ending);
        Assert.True(time.Elapsed >= Limit * 4);
    }

    /// <summary>A long send to a slow reader makes progress all the time; only standing still is too long.</summary>
    [Theory, MemberData(nameof(Transports))]
    public async Task A_slow_reader_is_not_cut_while_it_reads(EngineKind engine, Place place)
    {
        const int Bytes = 16 * 1024 * 1024, Step = 1024 * 1024;
        var time = new FakeTimeProvider();
        Connection? served = null;
        await using Rig rig = await Rig.StartAsync(
            engine, place, "task",
            connection =>
            {
                served = connection;
                return connection.SendAsync(new byte[Bytes]).AsTask();
            },
            options => options with { Time = time, Limits = new() { Write = Limit }, Socket = new() { SendBufferBytes = 64 * 1024 } });
        using Caller caller = await rig.CallAsync(receiveBufferBytes: 64 * 1024);
        var buffer = new byte[64 * 1024];
        long received = 0, next = Step;
        while (await caller.ReceiveOnceAsync(buffer) is > 0 and int count)
        {
            received += count;
            if (received < next || received == Bytes)
                continue;
            next += Step;
            long least = received - (Step / 2); // what has been received was sent; it is counted in steps
            await Eventually.TrueAsync(() => served!.BytesSent >= least, "the server knows how far it is");
            time.Advance(Limit / 2);
        }

        Assert.Equal(Bytes, received);
        caller.Dispose();
        Assert.Equal(CloseReason.HandlerFinished, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task A_message_that_drips_in_too_slowly_is_cut(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        var lines = new Lines();
        await using Rig rig = await StartLinesAsync(engine, place, time, lines);
        using Caller caller = await rig.CallAsync();
        for (int sent = 1; lines.Connection is not { CloseReason: not CloseReason.None }; sent++)
        {
            await caller.SendAsync("x");
            await lines.WaitingAsync(sent);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(CloseReason.TooSlow, await rig.NextEndingAsync());
        Assert.InRange(time.Elapsed, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(8));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Silence_between_messages_is_not_slowness(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        var lines = new Lines();
        await using Rig rig = await StartLinesAsync(engine, place, time, lines);
        using Caller caller = await rig.CallAsync();
        for (int i = 1; i <= 10; i++)
        {
            await caller.SendAsync("line\n");
            Assert.Equal("ok", await caller.ReceiveAsync(2));
            await lines.WaitingAsync(i * 5);
            time.Advance(TimeSpan.FromSeconds(7));
        }
    }

    /// <summary>The clock looks just after a message has begun: its grace begins then, not with the silence before it.</summary>
    [Theory, MemberData(nameof(Transports))]
    public async Task The_grace_of_the_minimum_rate_begins_with_the_message(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        var lines = new Lines();
        await using Rig rig = await StartLinesAsync(engine, place, time, lines);
        using Caller caller = await rig.CallAsync();
        for (int i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromSeconds(4.3));
            await caller.SendAsync("li");
            await lines.WaitingAsync((i * 5) + 2);
            time.Advance(TimeSpan.FromSeconds(1));
            await caller.SendAsync("ne\n");
            Assert.Equal("ok", await caller.ReceiveAsync(2));
            await lines.WaitingAsync((i + 1) * 5);
        }
    }

    /// <summary>While the handler works it is not the peer that is slow.</summary>
    [Theory, MemberData(nameof(Transports))]
    public async Task A_slow_handler_does_not_make_its_peer_too_slow(EngineKind engine, Place place)
    {
        var time = new FakeTimeProvider();
        var working = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(
            engine, place, "task",
            async connection =>
            {
                System.IO.Pipelines.ReadResult read = await connection.Input.ReadAsync();
                connection.Input.AdvanceTo(read.Buffer.GetPosition(1)); // the next message waits, begun, in the buffer
                working.SetResult();
                await done.Task;
                await connection.SendAsync("ok"u8.ToArray());
            },
            options => options with { Time = time, Limits = new() { MinimumRate = Rate } });
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("first and part of a second");
        await working.Task.SoonAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        done.SetResult();
        Assert.Equal("ok", await caller.ReceiveAsync(2));
    }

    [Fact]
    public async Task A_thousand_silent_callers_are_closed_by_the_first_byte_limit_while_one_who_talks_is_served()
    {
        const int Silent = 1000;
        var time = new FakeTimeProvider();
        await using Rig rig = await StartAsync(EngineKind.Auto, Place.Tcp4, time, new() { FirstByte = Limit });
        var callers = new List<Caller>();
        try
        {
            for (int i = 0; i < Silent; i++)
                callers.Add(await rig.CallAsync());
            using Caller talker = await rig.CallAsync();
            await talker.AskAsync("hello");
            await Eventually.TrueAsync(() => rig.Server.ActiveConnections == Silent + 1, "all are in");
            time.Advance(AlmostLimit);
            Assert.Equal(Silent + 1, rig.Server.ActiveConnections);
            time.Advance(Tolerance);
            foreach (Caller caller in callers)
                Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
            await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the silent ones have left");
            Assert.Equal("still", await talker.AskAsync("still"));
        }
        finally
        {
            callers.ForEach(static caller => caller.Dispose());
        }
    }

    private static Task<Rig> StartAsync(EngineKind engine, Place place, FakeTimeProvider time, ServerLimits limits) =>
        Rig.StartAsync(engine, place, "task", Handlers.EchoAsync, options => options with
        {
            Time = time, Limits = limits with { Write = null }, // a send of the server may still be under way when the clock is turned
        });

    private static Task<Rig> StartLinesAsync(EngineKind engine, Place place, FakeTimeProvider time, Lines lines) =>
        Rig.StartAsync(engine, place, "task", lines.RunAsync, options => options with { Time = time, Limits = new() { MinimumRate = Rate, Write = null } });

    /// <summary>Answers each whole line with "ok" and leaves what is no line yet in the buffer.</summary>
    private sealed class Lines
    {
        private long _handled;

        public Connection? Connection { get; private set; }

        /// <summary>Waits until so many bytes were handled and the handler waits for more.</summary>
        public Task WaitingAsync(long received) => Eventually.TrueAsync(
            () => Connection is { } connection && (connection.CloseReason != CloseReason.None
                || (Volatile.Read(ref _handled) == received && connection.DescribeActivity() == "reading")),
            $"the handler waits after {received} bytes");

        public async Task RunAsync(Connection connection)
        {
            Connection = connection;
            while (true)
            {
                Volatile.Write(ref _handled, connection.BytesReceived);
                System.IO.Pipelines.ReadResult read = await connection.Input.ReadAsync();
                if (read.Buffer.PositionOf((byte)'\n') is { } end)
                {
                    connection.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                    await connection.SendAsync("ok"u8.ToArray());
                }
                else if (read.IsCompleted)
                {
                    return;
                }
                else
                {
                    connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                }
            }
        }
    }
}
