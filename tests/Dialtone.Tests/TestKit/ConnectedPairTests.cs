namespace Dialtone.Tests.TestKit;

public sealed class ConnectedPairTests
{
    [Fact]
    public async Task Each_end_hears_the_other()
    {
        await using ConnectedPair pair = await ConnectedPair.CreateAsync();

        await pair.Client.WriteLineAsync("hello");
        Assert.Equal("hello", await pair.Server.ReadLineAsync());
        await pair.Server.WriteLineAsync("there");
        Assert.Equal("there", await pair.Client.ReadLineAsync());
    }

    [Fact]
    public async Task Many_pairs_do_not_meet()
    {
        await using ConnectedPair one = await ConnectedPair.CreateAsync();
        await using ConnectedPair other = await ConnectedPair.CreateAsync();

        await one.Client.WriteLineAsync("one");
        await other.Client.WriteLineAsync("other");

        Assert.Equal("other", await other.Server.ReadLineAsync());
        Assert.Equal("one", await one.Server.ReadLineAsync());
    }

    [Fact]
    public async Task The_called_end_finishes_as_a_handler_does()
    {
        await using ConnectedPair pair = await ConnectedPair.CreateAsync();
        await pair.Client.FinishSendingAsync();
        Assert.Null(await pair.Server.ReadLineAsync());

        Task<CloseReason> reason = pair.FinishServerAsync();

        Assert.Null(await pair.Client.ReadLineAsync());
        Assert.Equal(CloseReason.PeerClosed, await reason.WaitAsync());
    }

    [Fact]
    public async Task Limits_hold_for_the_called_end_by_the_clock_that_is_handed_in()
    {
        var time = new FakeTimeProvider();
        await using ConnectedPair pair = await ConnectedPair.CreateAsync(
            new ServerOptions { Time = time, Limits = new ServerLimits { Idle = TimeSpan.FromMinutes(2) } });

        Task<string?> reading = pair.Client.ReadLineAsync().AsTask();
        await time.AdvanceUntilAsync(Task.WhenAny(reading));

        Assert.Equal(CloseReason.Idle, pair.Server.CloseReason);
    }

    [Fact]
    public async Task A_memory_server_answers_its_callers()
    {
        await using MemoryServer server = await MemoryServer.StartAsync(server => server.Handle(call => call.Input.CopyToAsync(call.Output)));
        await using Connection one = await server.ConnectAsync();
        await using Connection two = await server.ConnectAsync();

        await one.WriteLineAsync("one");
        await two.WriteLineAsync("two");

        Assert.Equal("two", await two.ReadLineAsync());
        Assert.Equal("one", await one.ReadLineAsync());
    }
}
