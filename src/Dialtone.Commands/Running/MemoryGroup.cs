using System.Collections.Concurrent;
using System.Globalization;

namespace Dialtone.Commands;

/// <summary>
/// A control group (cgroup, version 2 or 1) that bounds the memory of all processes of one command together: the kernel ends those that would pass it.
/// </summary>
/// <remarks>
/// Version 2 lets no group hold processes and bounded groups at once, so the server is in a group of its own beside those of its commands, as systemd's
/// <c>Delegate=memory</c> with <c>DelegateSubgroup=server</c> arranges it; under version 1 the groups are within the server's.
/// </remarks>
internal sealed class MemoryGroup : IDisposable
{
    private const string Controller = "memory", Prefix = "dialtone-", Processes = "cgroup.procs";

    private static readonly Lazy<Place?> Found = new(static () => Candidates(ReadOrEmpty("/proc/self/cgroup"), ReadOrEmpty("/proc/self/mountinfo")).FirstOrDefault(Works));
    private static readonly ConcurrentQueue<string> Inhabited = new(); // groups of commands that have ended, with processes that stay

    private readonly string _folder;
    private readonly bool _isUnified;

    private MemoryGroup(string folder, bool isUnified) => (_folder, _isUnified) = (folder, isUnified);

    /// <summary>Whether this system gives this process groups to make.</summary>
    public static bool IsAvailable => Found.Value is not null;

    /// <summary>Whether the kernel has ended a process of it for the memory it wanted.</summary>
    public bool HasEndedOne
    {
        get
        {
            foreach (string line in ReadOrEmpty($"{_folder}/{(_isUnified ? "memory.events" : "memory.oom_control")}").Split('\n'))
            {
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                    return line["oom_kill ".Length..] != "0";
            }

            return false;
        }
    }

    /// <summary>Makes a group.</summary>
    /// <exception cref="CommandException">This system gives none.</exception>
    public static MemoryGroup Create(long bytes)
    {
        if (Found.Value is not { } place)
            throw new CommandException(CommandError.NotStarted, "The command's memory is to be bounded, and this system gives the server no control group to do it with.");
        for (int left = Inhabited.Count; left > 0 && Inhabited.TryDequeue(out string? folder); left--)
            Remove(folder);
        try
        {
            return Create(place, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandError.NotStarted, $"The command's memory cannot be bounded: {e.Message}", e);
        }
    }

    /// <summary>Takes a process in, with all that it has started and will start.</summary>
    /// <param name="process">A process that was started just now.</param>
    /// <param name="mark">What it and its children have in their environments.</param>
    /// <exception cref="IOException">The kernel does not let it.</exception>
    public void Add(int process, string mark)
    {
        // It runs already, and may have started others before it was in; whoever is in starts no others outside.
        int[] outside = [process];
        while (outside.Length > 0)
        {
            foreach (int each in outside)
                Add(each);
            int[] members = [.. File.ReadLines($"{_folder}/{Processes}").Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
            outside = [.. ProcessList.OfRun(process, mark).Where(pid => !members.Contains(pid))];
        }
    }

    /// <summary>Removes it; one that a process stays in when that has ended.</summary>
    public void Dispose() => Remove(_folder);

    /// <summary>Where groups might be made, the most fitting place first.</summary>
    /// <param name="own">The groups of this process, as <c>/proc/self/cgroup</c> tells them.</param>
    /// <param name="mounts">What is mounted, as <c>/proc/self/mountinfo</c> tells it.</param>
    internal static IEnumerable<Place> Candidates(string own, string mounts)
    {
        foreach (string line in own.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(':', 3) is not [_, var controllers, var group])
                continue;
            bool isUnified = controllers.Length == 0;
            if (!isUnified && !controllers.Split(',').Contains(Controller))
                continue;
            if (FindFolder(group, isUnified, mounts, out bool isTop) is not { } folder)
                continue;
            if (isUnified && !isTop)
                yield return new Place(Path.GetDirectoryName(folder)!, true);
            yield return new Place(folder, isUnified);
        }
    }

    private static string? FindFolder(string group, bool isUnified, string mounts, out bool isTop)
    {
        isTop = false;
        foreach (string line in mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // number parent device ROOT POINT options … - TYPE source OPTIONS (proc(5))
            string[] halves = line.Split(" - ", 2);
            string[] first = halves[0].Split(' ');
            if (halves.Length < 2 || first.Length < 6 || halves[1].Split(' ') is not [var type, _, var options])
                continue;
            if (isUnified ? type != "cgroup2" : type != "cgroup" || !options.Split(',').Contains(Controller))
                continue;
            string root = first[3].TrimEnd('/');
            if (!$"{group}/".StartsWith(root + "/", StringComparison.Ordinal))
                continue;
            string below = group[root.Length..].TrimEnd('/');
            isTop = below.Length == 0;
            return first[4] + below;
        }

        return null;
    }

    private static bool Works(Place place)
    {
        try
        {
            string enabled = $"{place.Folder}/cgroup.subtree_control";
            if (place.IsUnified && !ReadOrEmpty(enabled).Split(' ', '\n').Contains(Controller))
                WriteTo(enabled, "+" + Controller);
            Create(place, long.MaxValue / 2).Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static MemoryGroup Create(Place place, long bytes)
    {
        string folder = $"{place.Folder}/{Prefix}{CommandRunner.NewRunId()}";
        Directory.CreateDirectory(folder);
        var group = new MemoryGroup(folder, place.IsUnified);
        try
        {
            string limit = bytes.ToString(CultureInfo.InvariantCulture);
            if (place.IsUnified)
            {
                group.Write("memory.max", limit);
                group.WriteWhereKnown("memory.swap.max", "0");
                group.WriteWhereKnown("memory.oom.group", "1");
            }
            else
            {
                group.Write("memory.limit_in_bytes", limit);
                group.WriteWhereKnown("memory.memsw.limit_in_bytes", limit);
            }

            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    private void Add(int process)
    {
        try
        {
            Write(Processes, process.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException e) when (e.HResult == Calls.ESRCH)
        {
            // It has ended in the meantime.
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder); // its files go with it
        }
        catch (DirectoryNotFoundException)
        {
            // Whoever manages the groups of this machine was faster.
        }
        catch (IOException)
        {
            Inhabited.Enqueue(folder);
        }
    }

    private void WriteWhereKnown(string file, string value)
    {
        if (File.Exists($"{_folder}/{file}"))
            Write(file, value);
    }

    private void Write(string file, string value) => WriteTo($"{_folder}/{file}", value);

    private static void WriteTo(string path, string value)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(value));
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>A folder that groups are made in.</summary>
    /// <param name="Folder">Its path.</param>
    /// <param name="IsUnified">Whether it is of version 2.</param>
    internal sealed record Place(string Folder, bool IsUnified);
}
