namespace Dialtone.Commands.Tests;

/// <summary>Measures the memory of the whole process, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact] // H09
    public async Task Much_passes_a_slow_reader_whole_and_in_constant_memory()
    {
        long size = Shell.IsLong ? 2L << 30 : 64 << 20;
        await using var place = await Place.StartAsync();
        await using CommandClient client = await place.ConnectAsync();
        await using RemoteCommand command = await client.StartAsync(new CommandRequest("head", "-c", $"{size}", "/dev/zero"));
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0, total = 0, uneven = 0;
        var buffer = new byte[1 << 20];
        int count;
        while ((count = await command.Output.ReadAsync(buffer).AsTask().WaitAsync(Shell.Patience)) > 0)
        {
            total += count;
            if (total / (16 << 20) == uneven)
                continue;
            uneven = total / (16 << 20);
            await Task.Delay(20); // everything before the reader is full now
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
        }

        Assert.Equal((size, 0), (total, (await command.Ended.WaitAsync(Shell.Patience)).Status));
        Assert.True(most - before < 16 << 20, $"{(most - before) >> 10} KiB more than before were held.");
    }
}
