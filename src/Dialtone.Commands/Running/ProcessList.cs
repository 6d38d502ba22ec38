using System.Globalization;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Looks through <c>/proc</c> for the processes of a run: those of its session, and those that left it but carry its name.</summary>
internal static class ProcessList
{
    private const int MaxEnvironmentBytes = 256 * 1024;

    /// <summary>How many processes, zombies not counted, a session has.</summary>
    public static int CountOfSession(int session)
    {
        int count = 0;
        foreach (int pid in All())
        {
            // pid (name) state parent group session …: the name may hold anything, so from its last parenthesis on.
            if (TryRead(pid, "stat") is { } stat && stat.LastIndexOf(')') is > 0 and int end
                && stat[(end + 1)..].Split(' ', 6, StringSplitOptions.RemoveEmptyEntries) is [not "Z", _, _, var id, ..]
                && int.TryParse(id, CultureInfo.InvariantCulture, out int number) && number == session)
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>Sends a signal to every process that was started with <paramref name="variable"/> in its environment.</summary>
    public static void SignalAll(string variable, int signal)
    {
        foreach (int pid in All())
        {
            if (!IsMarked(pid, variable))
                continue;
            int pidfd = Calls.OpenPidfd(pid);
            if (pidfd < 0)
                continue;
            // Looked at again through what can no longer be another process.
            if (IsMarked(pid, variable))
                _ = Calls.SendSignal(pidfd, signal);
            _ = Calls.close(pidfd);
        }
    }

    /// <summary>Whether a process that lives was started with <paramref name="variable"/> in its environment.</summary>
    internal static bool IsMarked(int pid, string variable) =>
        TryRead(pid, "environ") is { } environment && environment.Split('\0').Contains(variable, StringComparer.Ordinal);

    internal static IEnumerable<int> All()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                yield return pid;
        }
    }

    private static string? TryRead(int pid, string file)
    {
        try
        {
            using FileStream stream = new(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{file}"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            var buffer = new byte[4096];
            int length = 0, count;
            while (length < MaxEnvironmentBytes && (count = stream.Read(buffer, length, buffer.Length - length)) > 0)
            {
                length += count;
                if (length == buffer.Length)
                    Array.Resize(ref buffer, length * 2);
            }

            return Encoding.Latin1.GetString(buffer, 0, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // gone meanwhile, or another user's
        }
    }
}
