namespace Dialtone.Tests.TestKit;

internal static class Waiting
{
    /// <summary>Waits as long as a test ever should.</summary>
    public static Task<T> WaitAsync<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(10));
}
