namespace Dialtone.Cli;

/// <summary>How many callers this process has file descriptors for. The runtime ends a process that finds none when it needs one itself.</summary>
internal static class DescriptorRoom
{
    private const int Own = 128;     // listeners, epoll, the share's folders, logs, and what the runtime opens by and by
    private const int PerCaller = 3; // the connection, the file, its folder

    /// <summary>As many callers as wanted, or those there is room for.</summary>
    public static int Callers(int wanted) => Limit() is { } limit ? Math.Clamp((limit - Own) / PerCaller, 1, wanted) : wanted;

    /// <summary>The limit, which the runtime has raised as far as it may; null where there is none, or none to be read.</summary>
    private static int? Limit()
    {
        const string path = "/proc/self/limits", name = "Max open files";
        if (!File.Exists(path))
            return null;
        string line = File.ReadLines(path).First(static line => line.StartsWith(name, StringComparison.Ordinal));
        return int.TryParse(line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], out int limit) ? limit : null;
    }
}
