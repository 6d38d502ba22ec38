using System.Diagnostics;

namespace Dialtone.Files.Tests.Native;

/// <summary>Lines that lose replies, take half a second, or turn bits over: K03, K04 and K08 of the catalogue.</summary>
public sealed class BadLineTests(ITestOutputHelper log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string, string, string> Requests => new()
    {
        // what is asked, what the same request again is answered, and what there is afterwards in both cases
        { """{"id":1,"cmd":"mkdir","path":"/new"}""", "exists", "a b/ b/c new/" },
        { """{"id":1,"cmd":"mkdir","path":"/p/q","parents":true}""", "ok", "a b/ b/c p/ p/q/" },
        { """{"id":1,"cmd":"remove","path":"/a"}""", "not-found", "b/ b/c" },
        { """{"id":1,"cmd":"remove","path":"/b","recursive":true}""", "not-found", "a" },
        { """{"id":1,"cmd":"rename","path":"/a","to":"/z"}""", "not-found", "b/ b/c z" },
        { """{"id":1,"cmd":"copy","path":"/a","to":"/z"}""", "exists", "a b/ b/c z" },
        { """{"id":1,"cmd":"copy","path":"/a","to":"/z","overwrite":true}""", "ok", "a b/ b/c z" },
        { """{"id":1,"cmd":"put","path":"/z","size":5}""", "ok", "a b/ b/c z" },
        { """{"id":1,"cmd":"put","path":"/z","size":5,"publish":"new"}""", "exists", "a b/ b/c z" },
        { """{"id":1,"cmd":"put","path":"/a","size":5,"publish":"next"}""", "ok", "a a.0 a.1 b/ b/c" }, // as it says: a name of its own each time
    };

    [Theory] // K03
    [MemberData(nameof(Requests))]
    public async Task What_was_done_and_not_heard_of_is_not_done_twice(string request, string again, string expected)
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        await share.WriteAsync("/a", "a"u8.ToArray());
        await share.WriteAsync("/b/c", "c"u8.ToArray());
        byte[]? body = request.Contains("put", StringComparison.Ordinal) ? "hello"u8.ToArray() : null;
        await using FileClient watcher = await share.ConnectAsync();
        string before = await DescribeAsync(watcher);
        await using (ChaosTcpProxy deaf = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { ToClient = new ChaosFlow { CutAfter = 0, Cut = ChaosCut.Drop } }))
        {
            await using RawCaller lost = await share.CallAsync(deaf.Address);
            await lost.SendAsync(request, body);
            for (long start = Stopwatch.GetTimestamp(); await DescribeAsync(watcher) == before; await Task.Delay(5))
                Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "it was never done");
        }

        await using RawCaller retry = await share.CallAsync();
        Assert.Equal(again, await retry.RefusalAsync(request, body) ?? "ok");
        Assert.Equal(expected, await DescribeAsync(watcher));
    }

    [Fact] // K04
    public async Task Half_a_second_of_delay_is_no_reason_to_give_up()
    {
        await using NativeShare share = await NativeShare.StartAsync("tls://127.0.0.1:0", local: true);
        var flow = new ChaosFlow { Delay = TimeSpan.FromMilliseconds(250), Jitter = TimeSpan.FromMilliseconds(60) };
        int seed = Random.Shared.Next();
        await using ChaosTcpProxy line = ChaosTcpProxy.Start(share.Address, new ChaosTcpOptions { Seed = seed, ToServer = flow, ToClient = flow });
        log.WriteLine($"seed {seed}");
        string source = Client.TreeTests.MakeTree(share), target = Path.Combine(share.Scratch, "back");
        byte[] content = NativeShare.RandomBytes(5_000_000);
        long start = Stopwatch.GetTimestamp();
        await using FileClient client = await share.ConnectAsync(address: Through(line));
        await client.LoginAsync(NativeShare.User, NativeShare.Password);
        await client.PutAsync(new MemoryStream(content), "/large");
        Assert.Empty((await client.PutTreeAsync(source, "/t")).Failures);
        Assert.Empty((await client.GetTreeAsync("/t", target)).Failures);
        using var back = new MemoryStream();
        await client.GetAsync("/large", back);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        log.WriteLine($"{took.TotalSeconds:0.0} s, {line.Accepted} connections");
        Assert.Equal(content, back.ToArray());
        Assert.Equal(Client.TreeTests.Describe(source), Client.TreeTests.Describe(target));
        Assert.Equal(1, line.Accepted); // nobody lost patience
    }

    [Theory] // K08
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_bit_turned_over_under_tls_ends_the_connection_and_nothing_is_taken(bool toServer)
    {
        int seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using NativeShare share = await NativeShare.StartAsync("tls://127.0.0.1:0", local: true);
        byte[] content = NativeShare.RandomBytes(300_000);
        await share.WriteAsync("/there", content);
        string target = Path.Combine(share.Scratch, "got");
        for (int flip = 0; flip < (Host.IsLong ? 50 : 16); flip++)
        {
            // The handshake, then everything but the first record's version, which nobody looks at (RFC 8446 §5.1).
            int offset = random.Next(3, flip < 5 ? 1500 : 280_000);
            var flow = new ChaosFlow { FlipBitAt = offset };
            await using ChaosTcpProxy line = ChaosTcpProxy.Start(share.Address, toServer ? new ChaosTcpOptions { Seed = flip, ToServer = flow } : new ChaosTcpOptions { Seed = flip, ToClient = flow });
            Exception? error = await Record.ExceptionAsync(async () =>
            {
                await using FileClient client = await share.ConnectAsync(
                    options => options with { Patience = TimeSpan.FromSeconds(3), Dial = options.Dial with { Timeout = TimeSpan.FromSeconds(3) } }, Through(line));
                if (toServer)
                    await client.PutAsync(new MemoryStream(content), "/x");
                else
                    await client.GetAsync("/there", target);
            });
            Assert.True(error is TransportException or TrustException && error.Message.Length > 10, $"seed {seed}, flip {flip} at {offset}: {error?.ToString() ?? "nobody noticed"}");
            Assert.True(await share.ReadAsync("/x") is null && !File.Exists(target), $"seed {seed}, flip {flip} at {offset}: something was taken");
        }

        await using FileClient good = await share.ConnectAsync();
        await good.PutAsync(new MemoryStream(content), "/x");
        Assert.Equal(content, await share.ReadAsync("/x"));
    }

    private static Address Through(ChaosTcpProxy line) => $"tls://127.0.0.1:{line.Address.Port}";

    private static async Task<string> DescribeAsync(FileClient client)
    {
        var names = new List<string>();
        await foreach (RemoteEntry entry in client.ListAsync("/", recursive: true))
            names.Add(entry.Kind == FileKind.Folder ? entry.Path + "/" : entry.Path);
        names.Sort(StringComparer.Ordinal);
        return string.Join(' ', names);
    }
}
