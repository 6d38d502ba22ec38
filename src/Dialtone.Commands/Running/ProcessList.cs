using System.Globalization;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Looks through <c>/proc</c> for the processes of a run: those of its session, and those that left it but carry its name.</summary>
internal static class ProcessList
{
    private const int MaxEnvironmentBytes = 256 * 1024;

    /// <summary>How many processes, zombies not counted, a session has.</summary>
    public static int CountOfSession(int session) => Alive().Count(process => process.Session == session);

    /// <summary>The processes of a run, zombies left out: those of its session, and those that left it.</summary>
    /// <param name="leader">The process it began with; not buried yet.</param>
    /// <param name="variable">What all of them were started with in their environment; one that is just changing its program shows none.</param>
    public static IEnumerable<int> OfRun(int leader, string variable)
    {
        // Whoever is older than the run is not of it, which spares a look into most.
        return Read(leader) is { } first
            ? Alive().Where(process => process.Session == leader || (process.StartedAt >= first.StartedAt && IsMarked(process.Id, variable))).Select(process => process.Id)
            : [];
    }

    /// <summary>Sends a signal to every process that was started with <paramref name="variable"/> in its environment.</summary>
    /// <returns>How many there are.</returns>
    public static int SignalAll(string variable, int signal)
    {
        int count = 0;
        foreach (int pid in All())
        {
            if (!IsMarked(pid, variable))
                continue;
            int pidfd = Calls.OpenPidfd(pid);
            if (pidfd < 0)
                continue;
            // Looked at again through what can no longer be another process.
            if (IsMarked(pid, variable) && Calls.SendSignal(pidfd, signal) == 0)
                count++;
            _ = Calls.close(pidfd);
        }

        return count;
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

    private static IEnumerable<ProcessState> Alive() => All().Select(Read).OfType<ProcessState>().Where(process => !process.IsDead);

    // pid (name) state parent group session terminal … starttime …: the name may hold anything, so from its last parenthesis on (proc(5)).
    private static ProcessState? Read(int pid)
    {
        const int State = 0, Session = 3, StartTime = 19;
        return TryRead(pid, "stat") is { } stat && stat.LastIndexOf(')') is > 0 and int end
            && stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > StartTime } fields
            && int.TryParse(fields[Session], CultureInfo.InvariantCulture, out int session)
            && ulong.TryParse(fields[StartTime], CultureInfo.InvariantCulture, out ulong startedAt)
                ? new ProcessState(pid, session, startedAt, fields[State] is "Z" or "X")
                : null;
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

    /// <param name="Id">Its number.</param>
    /// <param name="Session">That of its session.</param>
    /// <param name="StartedAt">In ticks of the system's clock since it came up.</param>
    /// <param name="IsDead">Whether it is a zombie.</param>
    private sealed record ProcessState(int Id, int Session, ulong StartedAt, bool IsDead);
}
