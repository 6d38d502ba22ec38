using System.Globalization;

namespace Dialtone.Commands.Tests;

/// <summary>Counts what the whole process has open, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class LeakTests
{
    [Fact]
    public async Task No_descriptor_stays_open()
    {
        await Shell.RunAsync("true");
        int before = Directory.GetFiles("/proc/self/fd").Length;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Shell.RunAsync("echo x")));
        for (int i = 0; i < 20; i++)
            await Shell.FailAsync(new CommandStart { Program = "/no/such/program" });
        int after = Directory.GetFiles("/proc/self/fd").Length;
        Assert.True(after < before + 10, string.Create(CultureInfo.InvariantCulture, $"{before} descriptors before, {after} after"));
    }
}
