namespace Dialtone.Conformance.Tests;

/// <summary>What every listener does under every policy on every engine: the ground CPython's test_socketserver covers, and some more.</summary>
public sealed class PolicyTests
{
    private const int HandlerFailedEvent = 6;
    private const int HookFailedEvent = 7;

    public static TheoryData<EngineKind, Place, string> Everything => Matrix.PolicyAndListener;

    public static TheoryData<EngineKind, string> Policies => Matrix.PolicyAndEngine;

    [Theory, MemberData(nameof(Everything))]
    public async Task Three_callers_get_their_own_words_back(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, new Talk().For(policy));
        await Task.WhenAll(Enumerable.Range(1, 3).Select(async number =>
        {
            using Caller caller = await rig.CallAsync();
            Assert.Equal($"hello from {number}", await caller.AskAsync($"hello from {number}"));
            Assert.Equal($"bye from {number}", await caller.AskAsync($"bye from {number}"));
            caller.FinishSending();
            Assert.Equal(("", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        })).SoonAsync();
        for (int i = 0; i < 3; i++)
            Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task Setup_handle_and_finish_come_in_this_order(EngineKind engine, Place place, string policy)
    {
        var talk = new Talk();
        await using Rig rig = await Rig.StartAsync(engine, place, policy, talk.For(policy));
        using (Caller caller = await rig.CallAsync())
            await caller.AskAsync("x");
        Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
        Assert.Equal(["setup", "handle", "finish"], talk.Steps);
        Assert.Null(talk.SeenByFinish);
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task Finish_gets_the_error_of_setup_or_handle_and_the_server_lives_on(EngineKind engine, string policy)
    {
        var failed = new List<string>(); // under itself
        var talk = new Talk();
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, talk.For(policy), options => options with
        {
            HandlerFailed = (_, error) =>
            {
                lock (failed)
                    failed.Add(error.Message);
            },
        });
        foreach (string step in (string[])["setup", "handle", "finish"])
        {
            talk.ThrowIn = step;
            talk.Steps.Clear();
            using Caller unlucky = await rig.CallAsync();
            unlucky.FinishSending();
            Assert.Equal(("", PeerEnding.Finished), await unlucky.ReceiveToEndAsync());
            Assert.Equal(CloseReason.HandlerError, await rig.NextEndingAsync());
            Assert.Equal(step == "setup" ? ["setup", "finish"] : ["setup", "handle", "finish"], talk.Steps);
            Assert.Equal(step == "finish" ? null : $"thrown in {step}", talk.SeenByFinish?.Message);
        }

        Assert.Equal(["thrown in setup", "thrown in handle", "thrown in finish"], failed);
        Assert.Equal(3, rig.Logs.Count(HandlerFailedEvent));
        talk.ThrowIn = null;
        using Caller next = await rig.CallAsync();
        Assert.Equal("still here", await next.AskAsync("still here"));
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task A_handler_that_handles_its_error_is_no_failure(EngineKind engine, string policy)
    {
        int hooks = 0;
        await using Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, policy.Replace(Matrix.Blocking, "", StringComparison.Ordinal),
            connection =>
            {
                try
                {
                    throw new InvalidDataException("handled");
                }
                catch (InvalidDataException)
                {
                    return connection.SendAsync("sorry"u8.ToArray()).AsTask();
                }
            },
            options => options with { HandlerFailed = (_, _) => Interlocked.Increment(ref hooks) });
        using Caller caller = await rig.CallAsync();
        caller.FinishSending();
        Assert.Equal(("sorry", PeerEnding.Finished), await caller.ReceiveToEndAsync());
        await rig.NextEndingAsync();
        Assert.Equal(0, hooks);
        Assert.Equal(0, rig.Logs.Count(HandlerFailedEvent));
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task Hooks_that_throw_never_end_the_server(EngineKind engine, string policy)
    {
        var talk = new Talk { ThrowIn = "handle" };
        int verified = 0;
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, talk.For(policy), options => options with
        {
            HandlerFailed = static (_, _) => throw new InvalidOperationException("the hook failed, too"),
            Verify = async _ =>
            {
                await Task.Yield();
                return Interlocked.Increment(ref verified) != 2 ? true : throw new InvalidOperationException("the hook failed");
            },
        });
        using (Caller first = await rig.CallAsync())
            Assert.Equal("", (await first.ReceiveToEndAsync()).Received);
        Assert.Equal(CloseReason.HandlerError, await rig.NextEndingAsync());
        talk.Steps.Clear();
        using (Caller second = await rig.CallAsync())
            Assert.Equal("", (await second.ReceiveToEndAsync()).Received);
        Assert.Equal(CloseReason.Refused, await rig.NextEndingAsync());
        Assert.Empty(talk.Steps);
        Assert.Equal(2, rig.Logs.Count(HookFailedEvent));
        talk.ThrowIn = null;
        using Caller third = await rig.CallAsync();
        Assert.Equal("still here", await third.AskAsync("still here"));
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task A_caller_that_verify_refuses_is_closed_and_never_handled(EngineKind engine, Place place, string policy)
    {
        var talk = new Talk();
        bool isWelcome = false;
        await using Rig rig = await Rig.StartAsync(engine, place, policy, talk.For(policy), options => options with { Verify = _ => new(isWelcome) });
        using (Caller refused = await rig.CallAsync())
        {
            Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
            Assert.Equal(CloseReason.Refused, await rig.NextEndingAsync());
        }

        Assert.Empty(talk.Steps);
        isWelcome = true;
        using Caller welcome = await rig.CallAsync();
        Assert.Equal("in", await welcome.AskAsync("in"));
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task A_second_caller_waits_only_under_the_sequential_policy(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, new Talk().For(policy));
        using Caller first = await rig.CallAsync();
        await first.AskAsync("a");
        using Caller second = await rig.CallAsync();
        if (!policy.StartsWith("sequential", StringComparison.Ordinal))
        {
            Assert.Equal("b", await second.AskAsync("b"));
            Assert.Equal("c", await first.AskAsync("c"));
            return;
        }

        await second.SendAsync("b");
        for (int turn = 0; turn < 20; turn++)
            Assert.Equal("a", await first.AskAsync("a"));
        Assert.False(second.HasSomething);
        Assert.Equal(1, rig.Server.ActiveConnections);
        first.Dispose();
        Assert.Equal("b", await second.ReceiveAsync(1));
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task Closing_at_once_ends_at_once(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, new Talk().For(policy));
        await rig.Server.DisposeAsync().AsTask().SoonAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            try
            {
                using Caller late = await rig.CallAsync();
            }
            catch (System.Net.Sockets.SocketException e)
            {
                throw new IOException("Nobody listens.", e);
            }
        });
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task Handling_one_caller_serves_exactly_one(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = Rig.Create(engine, place, policy, new Talk().For(policy));
        Task<bool> serving = rig.Server.HandleOneAsync(Eventually.Patience);
        await Eventually.TrueAsync(() => rig.Server.Addresses.Count > 0, "the server listens");
        using (Caller caller = await rig.CallAsync())
            Assert.Equal("one", await caller.AskAsync("one"));
        Assert.True(await serving.SoonAsync());
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task Handling_one_caller_gives_up_in_time(EngineKind engine, string policy)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = Rig.Create(engine, Place.Tcp4, policy, new Talk().For(policy), options => options with { Time = time });
        Task<bool> serving = rig.Server.HandleOneAsync(TimeSpan.FromSeconds(5));
        Assert.False(serving.IsCompleted);
        await time.AdvanceUntilAsync(serving);
        Assert.False(await serving);
        Assert.InRange(time.Elapsed, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60));
    }

    [Theory, MemberData(nameof(Policies))] // a refused caller left HandleOneAsync waiting for ever
    public async Task Handling_one_caller_that_verify_refuses_is_handling_one(EngineKind engine, string policy)
    {
        await using Rig rig = Rig.Create(engine, Place.Tcp4, policy, new Talk().For(policy), options => options with { Verify = static _ => new(false) });
        Task<bool> serving = rig.Server.HandleOneAsync();
        await Eventually.TrueAsync(() => rig.Server.Addresses.Count > 0, "the server listens");
        using (Caller caller = await rig.CallAsync())
            await caller.ReceiveToEndAsync();
        await serving.SoonAsync();
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task Two_listeners_are_both_served(EngineKind engine, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, new Talk().For(policy), options => options with
        {
            Listen = ["tcp://127.0.0.1:0", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"],
        });
        for (int round = 0; round < 3; round++)
        {
            foreach (Address address in rig.Server.Addresses)
            {
                using Caller caller = await Caller.ConnectAsync(address);
                Assert.Equal("x", await caller.AskAsync("x"));
            }
        }
    }

    [Theory, MemberData(nameof(Policies))]
    public async Task The_handlers_connection_is_the_current_one(EngineKind engine, string policy)
    {
        var seen = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy.Replace(Matrix.Blocking, "", StringComparison.Ordinal), async connection =>
        {
            await connection.ReceiveAsync(new byte[1]);
            await Task.Yield();
            seen.SetResult(Connection.Current == connection);
        });
        Assert.Null(Connection.Current);
        using Caller caller = await rig.CallAsync();
        await caller.SendAsync("x");
        Assert.True(await seen.Task.SoonAsync());
    }
}
