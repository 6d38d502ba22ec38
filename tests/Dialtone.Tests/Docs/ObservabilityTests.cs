using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Dialtone.Tests.Docs;

/// <summary>docs/observability.md names what the library emits, all of it and nothing else.</summary>
public sealed partial class ObservabilityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_instruments_are_those_the_page_names()
    {
        var published = new ConcurrentDictionary<string, bool>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Dialtone")
                    published[instrument.Name] = true;
            },
        };
        listener.Start();
        await using MemoryServer server = await MemoryServer.StartAsync(static server => server.Handle(static _ => Task.CompletedTask));
        string page = Repository.Read("docs/observability.md");
        Assert.Equal(Instrument().Matches(page).Select(static name => name.Value).Order(), published.Keys.Order());
    }

    [Fact]
    public async Task A_conversation_is_an_activity_as_the_page_describes_it()
    {
        var seen = new TaskCompletionSource<Activity>(TaskCreationOptions.RunContinuationsAsynchronously);
        int port = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Dialtone",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("network.peer.port") is int from && from == Volatile.Read(ref port))
                    seen.TrySetResult(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using Server server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] }).Handle(static call => call.ReceiveAsync(new byte[1]).AsTask());
        await server.StartAsync();
        await using (Connection caller = await Dialer.ConnectAsync(server.Addresses[0]))
            Volatile.Write(ref port, ((System.Net.IPEndPoint)caller.LocalEndPoint!).Port);

        Activity activity = await seen.Task.WaitAsync(Patience);
        Assert.Equal(("dialtone.connection", "127.0.0.1"), (activity.OperationName, activity.GetTagItem("network.peer.address")));
        Assert.All(activity.TagObjects, tag => Assert.Contains($"`{tag.Key}`", Repository.Read("docs/observability.md"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_time_that_closing_takes_is_not_the_handlers()
    {
        const int Seconds = 12_345; // which no other test takes
        var took = new ConcurrentQueue<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "dialtone.handler.duration")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => took.Enqueue(value));
        listener.Start();
        var time = new FakeTimeProvider();
        var entered = new TaskCompletionSource();
        await using MemoryServer server = await MemoryServer.StartAsync(
            server => server.Handle(call =>
            {
                entered.SetResult();
                return call.ReceiveAsync(new byte[1]).AsTask();
            }), new ServerOptions { Time = time });
        await using Connection caller = await server.ConnectAsync();
        await entered.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromSeconds(Seconds));
        await caller.SendAsync("x"u8.ToArray());
        await caller.ReceiveAsync(new byte[1]).AsTask().WaitAsync(Patience); // the handler's end has been announced; this end stays
        while (server.Server.ActiveConnections > 0)
            time.Advance(TimeSpan.FromSeconds(1));
        double took1 = Assert.Single(took, static value => value is >= Seconds and < Seconds + 1000);
        Assert.InRange(took1, Seconds, Seconds + 1);
    }

    [Fact]
    public void No_two_log_lines_share_an_event_id()
    {
        IEnumerable<int> ids = typeof(Server).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>();
        Assert.NotEmpty(ids);
        Assert.Empty(ids.GroupBy(static id => id).Where(static same => same.Count() > 1).Select(static same => same.Key));
    }

    [GeneratedRegex(@"dialtone\.(?!connection`)[a-z.]+")]
    private static partial Regex Instrument();
}
