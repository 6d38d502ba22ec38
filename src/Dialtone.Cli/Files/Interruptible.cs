namespace Dialtone.Cli;

/// <summary>Work that Ctrl-C ends in order: the first asks it to stop, the second leaves at once.</summary>
internal static class Interruptible
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<ExitCode> RunAsync(Func<CancellationToken, Task<ExitCode>> work)
    {
        using var signals = new StopSignals();
        using var stop = new CancellationTokenSource();
        Task<ExitCode> running = Task.Run(() => work(stop.Token));
        if (await Task.WhenAny(running, signals.First) == running)
            return await running;
        await stop.CancelAsync();
        await Task.WhenAny(running, signals.Second, Task.Delay(Patience, TimeProvider.System));
        // Work that was done all the same counts; whatever else it has to say, it was interrupted.
        return running.IsCompletedSuccessfully ? await running : ExitCode.Interrupted;
    }
}
