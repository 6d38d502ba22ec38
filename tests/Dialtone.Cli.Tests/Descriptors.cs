namespace Dialtone.Cli.Tests;

/// <summary>What another process has open.</summary>
internal static class Descriptors
{
    public static bool IsSocket(string descriptor) => descriptor == "socket";

    /// <summary>The descriptors of a process by kind or path, once they are as expected; or after ten seconds, those there are all the same. Programs it has loaded do not count: they stay.</summary>
    public static async Task<string[]> OfAsync(int process, Func<string[], bool> isExpected)
    {
        string[] found = [];
        for (int wait = 0; wait < 100; wait++)
        {
            found =
            [
                .. Directory.GetFiles($"/proc/{process}/fd").Select(path => Path.GetFileName(path))
                .Select(name => new FileInfo($"/proc/{process}/fd/{name}").LinkTarget)
                .OfType<string>() // those that were closed while we looked are not open
                .Where(target => !target.EndsWith(".dll", StringComparison.Ordinal))
                .Select(target => target.Split(":[")[0])
                .Order(StringComparer.Ordinal),
            ];
            if (isExpected(found))
                break;
            await Task.Delay(100);
        }

        return found;
    }
}
