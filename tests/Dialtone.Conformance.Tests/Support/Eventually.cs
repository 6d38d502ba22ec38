using System.Diagnostics;

namespace Dialtone.Conformance.Tests;

/// <summary>Waits for what happens soon on another thread and has no event of its own.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                Assert.Fail($"Not within {Patience.TotalSeconds} s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    public static Task SoonAsync(this Task task) => task.WaitAsync(Patience);

    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(Patience);
}
