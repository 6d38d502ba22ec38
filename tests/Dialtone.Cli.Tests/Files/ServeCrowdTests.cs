using System.Globalization;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>A hundred clients at once, each behind a line that breaks, until every file has gone there and come back.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServeCrowdTests(ITestOutputHelper log) : IDisposable
{
    private const int Clients = 100;

    /// <summary>The server's memory at its highest, in MiB: 100 MB, with 65 measured.</summary>
    private const int MostMemory = 95;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(RunLength.IsLong ? 25 : 3);

    /// <summary>How long a client waits on a line that has stalled.</summary>
    private static readonly TimeSpan StallPatience = TimeSpan.FromSeconds(RunLength.IsLong ? 8 : 4);

    private readonly Folder _folder = new();
    private int _attempts;

    public void Dispose() => _folder.Dispose();

    [Fact] // I10, K01, K02, N12
    public async Task A_hundred_clients_behind_lines_that_break_bring_and_fetch_every_file_whole()
    {
        int seed = Random.Shared.Next(), longest = RunLength.IsLong ? 64 << 20 : 1 << 20;
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        Directory.CreateDirectory(_folder["up"]);
        Directory.CreateDirectory(_folder["down"]);
        await using ToolProcess server = ServeFilesTests.Serve(_folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0");
        Address address = (await server.AddressesAsync(1))[0];
        int listening = (await Descriptors.OfAsync(server.Id, _ => true)).Count(Descriptors.IsSocket);
        await using (FileClient first = await FileClient.ConnectAsync(address))
            await first.MakeFolderAsync("/in");
        string[] descriptors = await Descriptors.OfAsync(server.Id, found => found.Count(Descriptors.IsSocket) == listening);

        var cut = new ChaosFlow { CutWithin = longest };
        ChaosFlow reset = cut with { Cut = ChaosCut.Reset, Delay = TimeSpan.FromMilliseconds(1), Jitter = TimeSpan.FromMilliseconds(3) };
        ChaosFlow stall = cut with { Cut = ChaosCut.Stall };
        ChaosFlow pieces = cut with { MaxPieceBytes = 1400 };
        ChaosTcpProxy[] lines =
        [
            ChaosTcpProxy.Start(address, new ChaosTcpOptions { Seed = seed, ToServer = pieces, ToClient = pieces }),
            ChaosTcpProxy.Start(address, new ChaosTcpOptions { Seed = seed, ToServer = reset, ToClient = reset }),
            ChaosTcpProxy.Start(address, new ChaosTcpOptions { Seed = seed, ToServer = stall, ToClient = pieces }),
            ChaosTcpProxy.Start(address, new ChaosTcpOptions { Seed = seed, ToServer = reset, ToClient = stall }),
        ];
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => LiveAsync(client, lines, LengthOf(client, random, longest), random.Next()))).WaitAsync(Patience);
        }
        finally
        {
            foreach (ChaosTcpProxy line in lines)
                await line.DisposeAsync();
        }

        int memory = PeakMemory(server.Id), broken = lines.Sum(line => line.Accepted);
        log.WriteLine($"{_attempts} attempts over {broken} connections; the server's memory at its highest: {memory} MiB");
        Assert.True(memory < MostMemory, $"seed {seed}: the server needed {memory} MiB");
        Assert.True(broken > Clients, $"seed {seed}: nothing broke");
        Assert.Equal(descriptors, await Descriptors.OfAsync(server.Id, found => found.SequenceEqual(descriptors)));
        foreach (int client in Enumerable.Range(0, Clients))
            Assert.True(Same(client, _folder[$"data/in/{client}"]) && Same(client, _folder[$"down/{client}"]), $"seed {seed}: the file of client {client} is another");
        Assert.Equal(Clients, Directory.GetFileSystemEntries(_folder["data/in"]).Length);
        Assert.Equal(Clients, Directory.GetFileSystemEntries(_folder["down"]).Length);
        await CheckSweptAsync(server, seed);
    }

    /// <summary>A file each: there and back, again and again until it has arrived.</summary>
    private async Task LiveAsync(int client, ChaosTcpProxy[] lines, int length, int seed)
    {
        var random = new Random(seed);
        var content = new byte[length];
        random.NextBytes(content);
        await File.WriteAllBytesAsync(_folder[$"up/{client}"], content);
        await UntilDoneAsync(line => line.PutAsync(_folder[$"up/{client}"], $"/in/{client}", new PutOptions { Resume = true }));
        await UntilDoneAsync(line => line.GetAsync($"/in/{client}", _folder[$"down/{client}"], new GetOptions { Resume = true }));

        async Task UntilDoneAsync(Func<FileClient, Task<TransferReport>> act)
        {
            while (true)
            {
                Interlocked.Increment(ref _attempts);
                try
                {
                    await using FileClient line = await FileClient.ConnectAsync(lines[random.Next(lines.Length)].Address, new FileClientOptions { Patience = StallPatience });
                    Assert.Equal(length, (await act(line)).Size);
                    return;
                }
                catch (TransportException)
                {
                    // Broken again; what has arrived is continued.
                }
            }
        }
    }

    /// <summary>What an attempt left that could not be continued goes by its age.</summary>
    private async Task CheckSweptAsync(ToolProcess server, int seed)
    {
        string uploads = _folder["data/.dialtone/uploads"];
        server.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
        string[] left = Directory.GetFiles(uploads);
        log.WriteLine($"{left.Length / 2} uploads that were begun anew wait for the sweep");
        foreach (string file in left)
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        await using ToolProcess again = ServeFilesTests.Serve(_folder, "--anonymous", "write", "--listen", "tcp://127.0.0.1:0");
        await again.AddressesAsync(1);
        Assert.True(Directory.GetFileSystemEntries(uploads).Length == 0, $"seed {seed}: something is still staged");
    }

    // From nothing to the longest, evenly over the orders of magnitude.
    private static int LengthOf(int client, Random random, int longest) => client switch
    {
        < 3 => 0,
        3 => longest,
        _ => (int)Math.Pow(longest, random.NextDouble()),
    };

    private bool Same(int client, string path)
    {
        using FileStream sent = File.OpenRead(_folder[$"up/{client}"]), found = File.OpenRead(path);
        return SHA256.HashData(sent).AsSpan().SequenceEqual(SHA256.HashData(found));
    }

    private static int PeakMemory(int process) => int.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) / 1024;
}
