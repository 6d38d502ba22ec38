namespace Dialtone.Files.Tests.Dialects;

/// <summary>The dialect with an account over files on the disk, which leave by sendfile.</summary>
public sealed class OnDiskTests
{
    [Fact]
    public async Task Files_go_to_the_disk_and_come_back()
    {
        using var folder = new PeerFolder();
        using LocalFileStore store = LocalFileStore.Open(folder.Path);
        await using var service = new FileService(new FileServiceOptions { Store = store, Accounts = new AccountList(Share.Alex()) });
        await service.StartAsync();
        await using Server server = new FileServer(service).CreateServer(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] });
        await server.StartAsync();
        await using (IDialectClient client = await DialectClient.ConnectAsync(
            Dialect.Sample, server.Addresses[0], new DialectClientOptions { User = "alex", Password = "3714" }))
        {
            foreach (int size in new[] { 0, 1, 2_000_003 })
            {
                using var source = new MemoryStream(Share.Content(size));
                await client.PutAsync(source, size, $"/ä {size}");
                using var received = new MemoryStream();
                Assert.Equal(size, await client.GetAsync($"/ä {size}", received));
                Assert.Equal(Share.Digest(Share.Content(size)), Share.Digest(received.ToArray()));
            }
        }

        Assert.Equal(["ä 0", "ä 1", "ä 2000003"], folder.Names("home/alex"));
    }
}
