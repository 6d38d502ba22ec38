namespace Dialtone.Conformance.Tests;

/// <summary>What this process holds, as the kernel counts it. Linux.</summary>
internal static class ProcessState
{
    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;

    public static int Descriptors => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1; // less the one that looks

    /// <summary>Threads of the library, by the names it gives them.</summary>
    public static int LibraryThreads => Directory.EnumerateDirectories("/proc/self/task").Count(static task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("dialtone", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // ended meanwhile
        }
    });

    public static async Task SettlesAtAsync(int descriptors, int threads)
    {
        await Eventually.TrueAsync(
            () =>
            {
                if (Descriptors <= descriptors)
                    return true;
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return false;
            },
            $"descriptors go back to {descriptors}");
        await Eventually.TrueAsync(() => LibraryThreads <= threads, $"threads go back to {threads}");
    }
}
