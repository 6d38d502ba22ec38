namespace Dialtone.Cli;

/// <summary>
/// Idle workers of the thread pool spin for a while before they sleep, and here take the processor from the command whose output they wait for: half of the time
/// that a stream of output took was spent so (perf, two cores).
/// </summary>
internal static class ThreadPoolSpinning
{
    /// <summary>To be called before anything runs on the pool, which reads the setting once.</summary>
    public static void TurnOff() => AppContext.SetData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", 0);
}
