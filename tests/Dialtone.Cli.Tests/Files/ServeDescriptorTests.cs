using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>A server whose descriptors run out in the middle of transfers: F13 of the catalogue.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class ServeDescriptorTests
{
    private const int Clients = 40, Spare = 60, DescriptorLimit = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact] // F13: an upload whose failure could not even be told kept its caller waiting, and its session for ever
    public async Task Whoever_finds_no_descriptor_left_is_refused_or_waits_and_nothing_is_lost_or_leaks()
    {
        using var folder = new Folder();
        await using ToolProcess server = ServeFilesTests.Serve(folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0");
        Address address = (await server.AddressesAsync(1))[0];
        byte[] content = ClientShare.WriteRandom(folder["file"], 300_000, seed: 1);
        int listening = (await Descriptors.OfAsync(server.Id, _ => true)).Count(Descriptors.IsSocket);
        await using (FileClient first = await FileClient.ConnectAsync(address))
            await ThereAndBackAsync(first, "/first", content); // what is loaded and opened once is open

        string[] before = await Descriptors.OfAsync(server.Id, found => found.Count(Descriptors.IsSocket) == listening);
        ulong most = (ulong)(Directory.GetFiles($"/proc/{server.Id}/fd").Length + Spare);
        var limit = new Limit { Soft = most, Hard = most };
        Assert.Equal(0, prlimit(server.Id, DescriptorLimit, limit, 0));
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            while (true)
            {
                try
                {
                    await using FileClient client = await FileClient.ConnectAsync(address);
                    await ThereAndBackAsync(client, $"/{number}", content);
                    return;
                }
                catch (Exception e) when (e is TransportException or FileException { Reason: FileError.Failed })
                {
                    await Task.Delay(20);
                }
            }
        })).WaitAsync(Patience);

        Assert.Equal(Clients + 1, Directory.GetFiles(folder["data"]).Length);
        Assert.All(Directory.GetFiles(folder["data"]), path => Assert.Equal(content, File.ReadAllBytes(path)));
        string[] after = await Descriptors.OfAsync(server.Id, found => found.SequenceEqual(before));
        Assert.True(before.SequenceEqual(after), $"{string.Join(' ', after)}\n{server.Error}");
        Assert.Empty(Directory.GetFiles(folder["data/.dialtone/uploads"]));
        server.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
    }

    private static async Task ThereAndBackAsync(FileClient client, string path, byte[] content)
    {
        await client.PutAsync(new MemoryStream(content), path);
        using var back = new MemoryStream();
        await client.GetAsync(path, back);
        Assert.Equal(content, back.ToArray());
    }

    [LibraryImport("libc")]
    private static partial int prlimit(int process, int resource, in Limit limit, nint old);

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
