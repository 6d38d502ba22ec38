using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Conformance.Tests;

/// <summary>Descriptors: numbers beyond three thousand, and none left at all.</summary>
[Collection(Alone.Name)]
public sealed class DescriptorTests
{
    private const int OutOfResourcesEvent = 9;
    private const int RecoveredEvent = 14;

    public static TheoryData<EngineKind> Engines => Matrix.Engines;

    [Theory, MemberData(nameof(Engines))]
    public async Task High_descriptor_numbers_work(EngineKind engine)
    {
        var ballast = new List<SafeFileHandle>();
        try
        {
            for (int i = 0; i < 3_000; i++)
                ballast.Add(File.OpenHandle("/dev/null"));
            await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "task", Handlers.EchoAsync);
            using Caller caller = await rig.CallAsync();
            Assert.Equal("high", await caller.AskAsync("high"));
        }
        finally
        {
            ballast.ForEach(static handle => handle.Dispose());
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Out_of_descriptors_the_server_backs_off_says_so_and_recovers(EngineKind engine)
    {
        const int Room = 10, Flood = 60;
        await using Rig rig = await Rig.StartAsync(engine, Place.Tcp4, "inline", Handlers.EchoAsync);
        using (Caller warm = await rig.CallAsync())
            await warm.AskAsync("x"); // everything that is opened once is open now
        await Eventually.TrueAsync(() => rig.Server.ActiveConnections == 0, "the first has left");
        using Caller admitted = await rig.CallAsync();
        await admitted.AskAsync("x");
        var sockets = new List<Socket>();
        DescriptorLimit before = DescriptorLimit.Get();
        try
        {
            for (int i = 0; i < Flood; i++)
                sockets.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            DescriptorLimit.Set(before with { Soft = LimitThatLeaves(Room) });
            foreach (Socket socket in sockets)
                await socket.ConnectAsync(IPAddress.Loopback, rig.Address.Port).SoonAsync();
            await Eventually.TrueAsync(() => rig.Logs.Count(OutOfResourcesEvent) > 0, "the server has noticed");
            for (int i = 0; i < 100; i++)
                Assert.Equal("on", await admitted.AskAsync("on"));
            Assert.InRange(rig.Server.ActiveConnections, 2, Flood / 2); // what else the process has closed meanwhile made room as well
        }
        finally
        {
            DescriptorLimit.Set(before);
            sockets.ForEach(static socket => socket.Dispose());
        }

        await Eventually.TrueAsync(() => rig.Logs.Count(RecoveredEvent) > 0, "the server has recovered");
        using Caller next = await rig.CallAsync();
        Assert.Equal("again", await next.AskAsync("again"));
        Assert.InRange(rig.Logs.Count(OutOfResourcesEvent), 1, 5); // one a second, over what takes a second or two
    }

    [Fact]
    public async Task Failing_to_bind_1024_times_leaks_no_descriptor()
    {
        using var folder = new SocketFolder();
        await using Server holder = await Servers.StartEchoAsync(EngineKind.Auto, "tcp://127.0.0.1:0", $"unix://{folder["held"]}");
        await FailAsync();
        int descriptors = ProcessState.Descriptors, threads = ProcessState.LibraryThreads;
        for (int i = 0; i < 512; i++)
            await FailAsync();
        await ProcessState.SettlesAtAsync(descriptors, threads);

        async Task FailAsync()
        {
            foreach (Address taken in holder.Addresses)
            {
                await Assert.ThrowsAsync<TransportException>(
                    () => Servers.StartEchoAsync(EngineKind.Auto, "tcp://127.0.0.1:0", $"unix://{folder["new"]}", "unix://@dialtone-leak-test", taken));
            }
        }
    }

    /// <summary>The limit under which so many numbers are still free.</summary>
    private static ulong LimitThatLeaves(int room)
    {
        HashSet<int> taken = [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static path => int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture))];
        int limit = 0;
        for (int free = 0; free < room; limit++)
        {
            if (!taken.Contains(limit))
                free++;
        }

        return (ulong)limit;
    }
}
