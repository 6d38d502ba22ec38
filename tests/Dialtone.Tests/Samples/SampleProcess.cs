using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Dialtone.Tests.Docs;

namespace Dialtone.Tests.Samples;

/// <summary>A sample, running as its users run it.</summary>
internal sealed partial class SampleProcess : IAsyncDisposable
{
    private const int SIGINT = 2;
    private readonly Process _process;
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));

    private SampleProcess(Process process) => _process = process;

    public Address Address { get; private set; } = null!;

    public static async Task<SampleProcess> StartAsync(string name, params string[] arguments)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string program = Path.Combine(Repository.Root, "artifacts", "bin", name, configuration, name);
        var sample = new SampleProcess(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!);
        try
        {
            string? line = await sample._process.StandardOutput.ReadLineAsync(sample._limit.Token);
            Assert.StartsWith("listening ", line, StringComparison.Ordinal);
            sample.Address = Address.Parse(line!["listening ".Length..]);
            return sample;
        }
        catch
        {
            await sample.DisposeAsync();
            throw;
        }
    }

    /// <summary>Presses Ctrl-C; the sample's last words, without the time it took.</summary>
    public async Task<string> StopAsync()
    {
        Assert.Equal(0, kill(_process.Id, SIGINT));
        string words = await _process.StandardOutput.ReadToEndAsync(_limit.Token);
        await _process.WaitForExitAsync(_limit.Token);
        Assert.Equal(0, _process.ExitCode);
        return Duration().Replace(words.Trim(), "");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _limit.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [GeneratedRegex(@", in [\d.]+ s$")]
    private static partial Regex Duration();
}
