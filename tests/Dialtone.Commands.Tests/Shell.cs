using System.Text;

namespace Dialtone.Commands.Tests;

/// <summary>How a command went.</summary>
internal sealed record Finished(string Output, string Error, CommandReport Report);

/// <summary>Runs commands for tests.</summary>
internal static class Shell
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(IsLong ? 600 : 60);

    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;

    public static Dictionary<string, string> Path { get; } = new() { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" };

    public static Task<RunningCommand> StartAsync(string line, string? runId = null) => CommandRunner.StartAsync(Line(line) with { RunId = runId });

    public static Task<Finished> RunAsync(string line, CommandLimits? limits = null) => RunAsync(Line(line) with { Limits = limits ?? new CommandLimits() });

    public static async Task<Finished> RunAsync(CommandStart start)
    {
        await using RunningCommand command = await CommandRunner.StartAsync(start);
        await command.Input.DisposeAsync();
        byte[][] read = await Task.WhenAll(ReadAsync(command.Output), ReadAsync(command.Error));
        return new Finished(Encoding.UTF8.GetString(read[0]), Encoding.UTF8.GetString(read[1]), await command.Ended.WaitAsync(Patience));
    }

    public static async Task<CommandError> FailAsync(CommandStart start) =>
        (await Assert.ThrowsAsync<CommandException>(() => CommandRunner.StartAsync(start))).Reason;

    public static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return all.ToArray();
    }

    /// <summary>Reads until what was read ends so.</summary>
    public static async Task UntilAsync(Stream stream, StringBuilder read, string end)
    {
        var one = new byte[4096];
        while (!read.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(one).AsTask().WaitAsync(Patience);
            Assert.True(count > 0, $"It ended with: {read}");
            read.Append(Encoding.UTF8.GetString(one, 0, count));
        }
    }

    /// <summary>Waits until no process of the run is left: a second of grace, and what a busy machine takes.</summary>
    public static async Task GoneAsync(RunningCommand command)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (Left(command) is { Length: > 0 } left)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, $"Still there: {left}");
            await Task.Delay(20);
        }
    }

    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static CommandStart Line(string line) => new() { Program = "/bin/sh", Arguments = ["-c", line], Environment = Path };

    private static string Left(RunningCommand command) => string.Join(", ", ProcessList.All().Where(pid => ProcessList.IsMarked(pid, command.Mark)));
}
