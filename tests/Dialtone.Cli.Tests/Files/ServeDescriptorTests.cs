using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>A server with fewer descriptors than its callers could use: F13 of the catalogue.</summary>
public sealed class ServeDescriptorTests
{
    private const int Clients = 60, Descriptors = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact] // F13
    public async Task Whoever_comes_when_descriptors_are_short_is_turned_away_and_nothing_is_lost_or_leaks()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        await using ToolProcess server = ToolProcess.StartWithin(
            Descriptors, folder.Home, "serve", "--root", folder["data"], "--anonymous", "write", "--listen", "tcp://127.0.0.1:0");
        Address address = (await server.AddressesAsync(1))[0];
        byte[] content = ClientShare.WriteRandom(folder["file"], 300_000, seed: 1);
        int refusals = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            while (true)
            {
                try
                {
                    await using FileClient client = await FileClient.ConnectAsync(address);
                    await client.PutAsync(new MemoryStream(content), $"/{number}");
                    using var back = new MemoryStream();
                    await client.GetAsync($"/{number}", back);
                    Assert.Equal(content, back.ToArray());
                    return;
                }
                catch (Exception e) when (e is TransportException)
                {
                    Interlocked.Increment(ref refusals);
                    await Task.Delay(20);
                }
            }
        })).WaitAsync(Patience);

        Assert.NotEqual(0, refusals);
        Assert.All(Enumerable.Range(0, Clients), number => Assert.Equal(content, File.ReadAllBytes(folder[$"data/{number}"])));
        Assert.Empty(Directory.GetFiles(folder["data/.dialtone/uploads"]));
        server.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
    }
}
