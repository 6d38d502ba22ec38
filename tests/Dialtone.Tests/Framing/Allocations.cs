namespace Dialtone.Tests;

/// <summary>A gate on allocations. They do not depend on the machine's mood, but for the runtime's own one-time ones.</summary>
internal static class Allocations
{
    /// <summary>The least that <paramref name="work"/> allocated on this thread in several runs, the first one left out.</summary>
    public static long Least(Action work)
    {
        work();
        long least = long.MaxValue;
        for (int run = 0; run < 5 && least > 0; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
