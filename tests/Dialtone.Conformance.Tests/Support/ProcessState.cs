using System.Diagnostics;

namespace Dialtone.Conformance.Tests;

/// <summary>What this process holds, as the kernel counts it. Linux.</summary>
internal static class ProcessState
{
    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;

    /// <summary>Sockets, pipes and the kernel's nameless files. Not files by path: the runtime opens assemblies whenever it likes.</summary>
    public static int Descriptors => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(static link => new FileInfo(link).LinkTarget is { } target && !target.StartsWith('/'));

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

    /// <summary>What the descriptors stand for, by kind: "40 socket, 3 anon_inode".</summary>
    private static IEnumerable<string> OpenFiles => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(static link => new FileInfo(link).LinkTarget?.Split(':')[0] ?? "closed")
        .GroupBy(static kind => kind).Select(static kind => $"{kind.Count()} {kind.Key}");

    public static async Task SettlesAtAsync(int descriptors, int threads)
    {
        long started = Stopwatch.GetTimestamp();
        while (Descriptors > descriptors)
        {
            if (Stopwatch.GetElapsedTime(started) > Eventually.Patience)
                Assert.Fail($"{Descriptors} descriptors, not {descriptors}: {string.Join(", ", OpenFiles)}");
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }

        await Eventually.TrueAsync(() => LibraryThreads <= threads, $"threads go back to {threads}");
    }
}
