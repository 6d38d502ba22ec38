namespace Dialtone.Files.Tests.Native;

/// <summary>A disk that takes its time, and a line of the other Internet Protocol.</summary>
public sealed class SlowDiskTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    [Fact] // J14
    public async Task While_the_disk_syncs_everything_else_goes_on()
    {
        using var folder = new Playground();
        using var synced = new ManualResetEventSlim();
        int syncs = 0;
        var calls = new FaultyCalls((call, _) =>
        {
            if (call is "fsync" or "syncfs" && Interlocked.Increment(ref syncs) > 0)
                synced.Wait();
            return 0;
        });
        using var store = LocalFileStore.Open(folder.Inside, null, calls);
        File.WriteAllText(folder["there"], "content");
        await using var service = new FileService(new FileServiceOptions { Store = store, Anonymous = FileRights.All });
        await service.StartAsync();
        await using Server server = new FileServer(service).CreateServer(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] });
        await server.StartAsync();
        try
        {
            FileClient[] writers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => FileClient.ConnectAsync(server.Addresses[0])));
            Task<TransferReport>[] puts = [.. writers.Select((writer, number) => writer.PutAsync(new MemoryStream(new byte[100_000]), $"/put{number}"))];
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref syncs) > 0, Soon));

            await using FileClient reader = await FileClient.ConnectAsync(server.Addresses[0]);
            for (int round = 0; round < 20; round++)
            {
                await reader.PingAsync().WaitAsync(Soon);
                using var content = new MemoryStream();
                await reader.GetAsync("/there", content).WaitAsync(Soon);
                Assert.Equal(7, content.Length);
                Assert.Equal(1, await reader.ListAsync("/").CountAsync().AsTask().WaitAsync(Soon)); // nothing that is not durable is seen
                await using FileClient other = await FileClient.ConnectAsync(server.Addresses[0]).WaitAsync(Soon);
            }

            Assert.DoesNotContain(puts, put => put.IsCompleted);
            synced.Set();
            await Task.WhenAll(puts).WaitAsync(Soon);
            Assert.Equal(51, await reader.ListAsync("/").CountAsync());
            foreach (FileClient writer in writers)
                await writer.DisposeAsync();
        }
        finally
        {
            synced.Set();
        }
    }

    [Theory] // K10
    [InlineData("tcp://[::1]:0")]
    [InlineData("tls://[::1]:0")]
    [InlineData("tcp://*:0")] // takes both, and knows an IPv4 caller by its own address
    public async Task Files_go_over_ipv6_as_well(string listen)
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        string log = Path.Combine(Path.GetTempPath(), $"dialtone-{Guid.NewGuid():N}.jsonl");
        try
        {
            await using (AuditLog audit = AuditLog.Open(log))
            {
                await using NativeShare share = await NativeShare.StartAsync(listen, local: true, configure: options => options with { Audit = audit });
                string source = Client.TreeTests.MakeTree(share), target = Path.Combine(share.Scratch, "back");
                string scheme = share.Address.IsTls ? "tls" : "tcp";
                foreach (string host in listen.Contains('*', StringComparison.Ordinal) ? (string[])["[::1]", "127.0.0.1"] : ["[::1]"])
                {
                    await using FileClient client = await share.ConnectAsync(address: $"{scheme}://{host}:{share.Address.Port}");
                    await client.LoginAsync(NativeShare.User, NativeShare.Password);
                    Assert.Empty((await client.PutTreeAsync(source, "/t" + host.Length)).Failures);
                    Assert.Empty((await client.GetTreeAsync("/t" + host.Length, target)).Failures);
                    Assert.Equal(Client.TreeTests.Describe(source), Client.TreeTests.Describe(target));
                }
            }

            string text = await File.ReadAllTextAsync(log);
            Assert.Contains("\"from\":\"[::1]:", text, StringComparison.Ordinal);
            Assert.DoesNotContain("ffff", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(log);
        }
    }
}
