using System.Globalization;

namespace Dialtone.Engines;

/// <summary>The sockets systemd passed to a process: sd_listen_fds(3). Each is given out once.</summary>
internal sealed class SystemdSockets
{
    private const int FirstDescriptor = 3; // SD_LISTEN_FDS_START
    private const int MaxDescriptors = 4096;

    private static readonly Lazy<SystemdSockets> Passed = new(FromEnvironment);

    private readonly Lock _gate = new();
    private readonly List<(int Descriptor, string Name)> _left; // under _gate

    private SystemdSockets(List<(int Descriptor, string Name)> passed) => _left = passed;

    /// <summary>What this process was given. The variables are cleared once read, so that no child takes them for its own.</summary>
    public static SystemdSockets OfThisProcess => Passed.Value;

    /// <summary>Reads the three variables; nothing, unless they name this process.</summary>
    public static SystemdSockets Read(int processId, string? listenPid, string? listenFds, string? listenFdNames)
    {
        var passed = new List<(int, string)>();
        if (listenPid == processId.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(listenFds, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MaxDescriptors)
        {
            string[] names = (listenFdNames ?? "").Split(':');
            for (int i = 0; i < count; i++)
                passed.Add((FirstDescriptor + i, i < names.Length ? names[i] : ""));
        }

        return new SystemdSockets(passed);
    }

    /// <summary>Takes the sockets of this name, or with null whatever is left, in systemd's order.</summary>
    public IReadOnlyList<int> Take(string? name)
    {
        lock (_gate)
        {
            int[] taken = [.. _left.Where(socket => name is null || socket.Name == name).Select(socket => socket.Descriptor)];
            _left.RemoveAll(socket => taken.Contains(socket.Descriptor));
            return taken;
        }
    }

    private static SystemdSockets FromEnvironment()
    {
        SystemdSockets passed = Read(
            Environment.ProcessId, Environment.GetEnvironmentVariable("LISTEN_PID"), Environment.GetEnvironmentVariable("LISTEN_FDS"),
            Environment.GetEnvironmentVariable("LISTEN_FDNAMES"));
        foreach (string variable in (string[])["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"])
            Environment.SetEnvironmentVariable(variable, null);
        return passed;
    }
}
