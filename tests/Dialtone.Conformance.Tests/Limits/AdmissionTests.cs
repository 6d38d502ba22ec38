using System.Net;
using Dialtone.Engines;

namespace Dialtone.Conformance.Tests;

/// <summary>Who is let in: how many in all, how many from one place, and not those who serve a penalty.</summary>
public sealed class AdmissionTests
{
    private const int RejectedEvent = 8;
    private static readonly IPAddress Two = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Three = IPAddress.Parse("127.0.0.3");

    public static TheoryData<EngineKind, string> Policies => Matrix.PolicyAndEngine;

    public static TheoryData<EngineKind> Engines => Matrix.Engines;

    [Theory, MemberData(nameof(Engines))]
    public async Task A_flood_beyond_the_maximum_leaves_the_admitted_ones_served(EngineKind engine)
    {
        const int Most = 8, Flood = 500;
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync,
            options => options with { Time = time, Limits = new() { MaxConnections = Most } });
        var admitted = new List<Caller>();
        for (int i = 0; i < Most; i++)
        {
            admitted.Add(await rig.CallAsync());
            await admitted[^1].AskAsync("in");
        }

        for (int i = 0; i < Flood; i++)
        {
            using Caller refused = await rig.CallAsync();
            Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
            Assert.Equal("on", await admitted[i % Most].AskAsync("on"));
        }

        Assert.Equal(Most, rig.Server.ActiveConnections);
        Assert.Equal(1, rig.Logs.Count(RejectedEvent)); // one line a second, and this clock stands still
        time.Advance(TimeSpan.FromSeconds(1));
        using (Caller refused = await rig.CallAsync())
            await refused.ReceiveToEndAsync();
        Assert.Contains(rig.Logs.Lines, line => line.EventId == RejectedEvent && line.Text.Contains($"{Flood - 1} like it", StringComparison.Ordinal));

        // A place that becomes free is given away again.
        admitted[0].Dispose();
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == Most - 1, "one has left");
        using Caller next = await rig.CallAsync();
        Assert.Equal("in", await next.AskAsync("in"));
        admitted.ForEach(static caller => caller.Dispose());
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task One_address_may_hold_only_so_many(EngineKind engine)
    {
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync, static options => options with { Limits = new() { MaxPerAddress = 2 } });
        using Caller first = await rig.CallAsync(Two);
        await first.AskAsync("in");
        Caller second = await rig.CallAsync(Two);
        await second.AskAsync("in");
        using (Caller refused = await rig.CallAsync(Two))
            Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
        using (Caller other = await rig.CallAsync(Three))
            Assert.Equal("in", await other.AskAsync("in"));
        second.Dispose();
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the others have left");
        using Caller next = await rig.CallAsync(Two);
        Assert.Equal("in", await next.AskAsync("in"));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::1", "::2", true)]
    [InlineData("::c000:201", "192.0.2.1", false)]
    public void Addresses_count_together_when_one_host_may_own_both(string one, string other, bool together) =>
        Assert.Equal(together, PeerKey.From(IPAddress.Parse(one), 1).Range == PeerKey.From(IPAddress.Parse(other), 2).Range);

    [Theory, MemberData(nameof(Engines))]
    public async Task An_address_with_a_penalty_is_kept_out_until_it_expires(EngineKind engine)
    {
        var time = new FakeTimeProvider();
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync, options => options with { Time = time });
        Assert.True(rig.Server.Penalties.Charge(Two, Penalty.Crashed));
        using (Caller refused = await rig.CallAsync(Two))
            Assert.Equal(("", PeerEnding.Finished), await refused.ReceiveToEndAsync());
        using (Caller other = await rig.CallAsync(Three))
            Assert.Equal("in", await other.AskAsync("in"));
        time.Advance(new PenaltyOptions().Crashed + TimeSpan.FromSeconds(1));
        using Caller again = await rig.CallAsync(Two);
        Assert.Equal("in", await again.AskAsync("in"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handlers_error_keeps_its_caller_out_only_where_the_operator_says_so(bool charges)
    {
        await using Rig rig = await Rig.StartAsync(
            EngineKind.Auto, Place.Tcp4, "task",
            static async connection =>
            {
                var word = new byte[1];
                await connection.ReceiveAsync(word);
                if (word[0] == '!')
                    throw new InvalidOperationException("as asked");
                if (word[0] == '?')
                    throw new ProtocolException(ProtocolError.TruncatedFrame, "the peer's own fault");
                await connection.SendAsync(word);
            },
            options => options with { Penalties = new PenaltyOptions { ChargeHandlerErrors = charges } });
        foreach ((IPAddress from, string word) in ((IPAddress, string)[])[(Two, "!"), (Three, "?")])
        {
            using Caller caller = await rig.CallAsync(from);
            await caller.SendAsync(word);
            await caller.ReceiveToEndAsync();
            await rig.NextEndingAsync();
        }

        Assert.Equal((charges, false), (rig.Server.Penalties.IsRefused(Two), rig.Server.Penalties.IsRefused(Three)));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_storm_of_resets_is_survived_quietly(EngineKind engine)
    {
        int count = Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is null ? 2_000 : 10_000;
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync);
        await UnpleasantPeer.ConnectAndResetAsync(rig.Address, count);
        using Caller caller = await rig.CallAsync();
        Assert.Equal("still here", await caller.AskAsync("still here"));
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 1, "the others have left");
        Assert.DoesNotContain(rig.Logs.Lines, static line => line.Level > Microsoft.Extensions.Logging.LogLevel.Information);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Who_passes_the_memory_budget_is_closed_and_the_rest_served(EngineKind engine)
    {
        const int Held = 64 * 1024;
        await using Rig rig = await Rig.StartAsync(
            engine, Place.Tcp4, "task",
            static async connection =>
            {
                // Looks at everything and takes nothing: what arrives stays in memory.
                while (true)
                {
                    System.IO.Pipelines.ReadResult read = await connection.Input.ReadAsync();
                    if (read.Buffer.Length >= Held && read.Buffer.FirstSpan[0] == (byte)'h')
                    {
                        await connection.SendAsync("held"u8.ToArray());
                        connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                        continue;
                    }

                    connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    if (read.IsCompleted)
                        return;
                }
            },
            static options => options with { Limits = new() { MaxBufferBytes = 4 * Held } });
        using Caller modest = await rig.CallAsync();
        await modest.SendAsync(Filled('h', Held));
        Assert.Equal("held", await modest.ReceiveAsync(4));
        using Caller greedy = await rig.CallAsync();
        try
        {
            for (int i = 0; i < 8; i++)
                await greedy.SendAsync(Filled('g', Held));
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Closed while it still sent.
        }

        Assert.Equal(CloseReason.MemoryLimit, await rig.NextEndingAsync());
        await greedy.ReceiveToEndAsync();
        Assert.Equal(1, rig.Server.ActiveConnections);
        await modest.SendAsync("h");
        Assert.Equal("held", await modest.ReceiveAsync(4));

        static byte[] Filled(char with, int count)
        {
            var bytes = new byte[count];
            bytes.AsSpan().Fill((byte)with);
            return bytes;
        }
    }
}
