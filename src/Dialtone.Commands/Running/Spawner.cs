using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>
/// Starts processes with <c>posix_spawn</c>, all on one thread that has a file mode mask of its own, so that what one command is started
/// with never shows in this process or in another command.
/// </summary>
internal sealed unsafe class Spawner
{
    private static readonly bool HasCloseFrom = NativeLibrary.TryGetExport(
        NativeLibrary.GetMainProgramHandle(), nameof(Calls.posix_spawn_file_actions_addclosefrom_np), out _);

    private static readonly Lazy<Spawner> Keeping = new(() => new Spawner(allowNewPrivileges: true));
    private static readonly Lazy<Spawner> Dropping = new(() => new Spawner(allowNewPrivileges: false));

    private const long InaccuracyKilobytes = 1024; // the system counts memory in batches

    private readonly BlockingCollection<Job> _jobs = [];
    private readonly bool _allowNewPrivileges;
    private bool _hasOwnMask;
    private uint _usualMask;

    private Spawner(bool allowNewPrivileges)
    {
        _allowNewPrivileges = allowNewPrivileges;
        new Thread(Run) { IsBackground = true, Name = "Dialtone starts commands" }.Start();
    }

    /// <summary>Starts a command.</summary>
    /// <param name="start">What.</param>
    /// <param name="environment">All of it, as <c>NAME=value</c>.</param>
    /// <param name="input">What becomes descriptor 0; stays the caller's to close. With a terminal not looked at.</param>
    /// <param name="output">What becomes descriptor 1.</param>
    /// <param name="error">What becomes descriptor 2.</param>
    /// <param name="terminal">The path of the terminal that becomes all three, and the one that controls the session.</param>
    public static Task<Spawned> StartAsync(CommandStart start, IReadOnlyList<string> environment, int input, int output, int error, string? terminal)
    {
        var job = new Job(start, environment, input, output, error, terminal);
        (start.AllowNewPrivileges ? Keeping : Dropping).Value._jobs.Add(job);
        return job.Done.Task;
    }

    private void Run()
    {
        // Its own root, working folder and mask: those of the process stay as they are.
        _hasOwnMask = Calls.unshare(Calls.CLONE_FS) == 0;
        if (_hasOwnMask)
        {
            _usualMask = Calls.umask(0);
            _ = Calls.umask(_usualMask);
        }

        if (!_allowNewPrivileges)
            _ = Calls.prctl(Calls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        foreach (Job job in _jobs.GetConsumingEnumerable())
        {
            try
            {
                job.Done.SetResult(Start(job));
            }
            catch (Exception e)
            {
                job.Done.SetException(e);
            }
        }
    }

    private Spawned Start(Job job)
    {
        if (job.Start.Umask is { } mask)
        {
            if (!_hasOwnMask)
                throw new CommandException(CommandError.NotStarted, "This system does not let a thread have a file mode mask of its own; leave the umask out.");
            _ = Calls.umask((uint)mask);
        }

        int pid = 0;
        int error = Spawn(job, &pid);
        if (job.Start.Umask is not null)
            _ = Calls.umask(_usualMask);
        if (error != 0)
            return new Spawned(error, 0, -1, 0);
        SetLimits(pid, job.Start.Limits);
        // A process that ended keeps its number until we have asked for its status, so this is the one just started.
        return new Spawned(0, pid, Calls.OpenPidfd(pid), MostMemory() + InaccuracyKilobytes);
    }

    private static int Spawn(Job job, int* pid)
    {
        byte* actions = stackalloc byte[Calls.OpaqueBytes];
        byte* attributes = stackalloc byte[Calls.OpaqueBytes];
        byte* signals = stackalloc byte[Calls.OpaqueBytes];
        byte** arguments = ToNative([job.Start.Name ?? job.Start.Program, .. job.Start.Arguments]);
        byte** environment = ToNative(job.Environment);
        _ = Calls.posix_spawn_file_actions_init(actions);
        _ = Calls.posix_spawnattr_init(attributes);
        try
        {
            if (job.Terminal is { } terminal)
            {
                // The first terminal that the leader of a new session opens becomes its own.
                _ = Calls.posix_spawn_file_actions_addopen(actions, 0, terminal, Calls.O_RDWR, 0);
                _ = Calls.posix_spawn_file_actions_adddup2(actions, 0, 1);
                _ = Calls.posix_spawn_file_actions_adddup2(actions, 0, 2);
            }
            else
            {
                _ = Calls.posix_spawn_file_actions_adddup2(actions, job.Input, 0);
                _ = Calls.posix_spawn_file_actions_adddup2(actions, job.Output, 1);
                _ = Calls.posix_spawn_file_actions_adddup2(actions, job.Error, 2);
            }

            // What somebody in this process opened without close-on-exec stays here all the same.
            if (HasCloseFrom)
                _ = Calls.posix_spawn_file_actions_addclosefrom_np(actions, 3);
            _ = Calls.posix_spawn_file_actions_addchdir_np(actions, job.Start.Folder);

            // .NET ignores SIGPIPE, and ignoring is inherited.
            _ = Calls.sigfillset(signals);
            _ = Calls.posix_spawnattr_setsigdefault(attributes, signals);
            _ = Calls.sigemptyset(signals);
            _ = Calls.posix_spawnattr_setsigmask(attributes, signals);
            _ = Calls.posix_spawnattr_setflags(attributes, Calls.POSIX_SPAWN_SETSID | Calls.POSIX_SPAWN_SETSIGDEF | Calls.POSIX_SPAWN_SETSIGMASK);
            return Calls.posix_spawn(pid, job.Start.Program, actions, attributes, arguments, environment);
        }
        finally
        {
            _ = Calls.posix_spawn_file_actions_destroy(actions);
            _ = Calls.posix_spawnattr_destroy(attributes);
            Free(arguments);
            Free(environment);
        }
    }

    /// <summary>Bounds the process before it has got far: posix_spawn cannot do it in the child.</summary>
    private static void SetLimits(int pid, CommandLimits limits)
    {
        if (limits.CpuTime is not { } time)
            return;
        var seconds = (ulong)Math.Ceiling(time.TotalSeconds);
        var bound = new Calls.ResourceLimit { Soft = seconds, Hard = seconds + 1 };
        _ = Calls.prlimit(pid, Calls.RLIMIT_CPU, &bound, null);
    }

    /// <summary>The most memory this process has held, in KiB: until it ran its program the command shared that, and the system counts it as the command's.</summary>
    private static long MostMemory()
    {
        Calls.Usage usage;
        return Calls.getrusage(Calls.RUSAGE_SELF, &usage) == 0 ? usage.MaxResidentKilobytes : 0;
    }

    private static byte** ToNative(IReadOnlyList<string> texts)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
            array[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        return array;
    }

    private static void Free(byte** array)
    {
        for (byte** each = array; *each is not null; each++)
            Marshal.FreeCoTaskMem((nint)(*each));
        NativeMemory.Free(array);
    }

    private sealed record Job(CommandStart Start, IReadOnlyList<string> Environment, int Input, int Output, int Error, string? Terminal)
    {
        public TaskCompletionSource<Spawned> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What came of a start.</summary>
/// <param name="Error">0, or the system's error.</param>
/// <param name="ProcessId">The process, which leads a session and a group of its own.</param>
/// <param name="Pidfd">Becomes readable when the process has ended; −1 where the system has none.</param>
/// <param name="InheritedKilobytes">What the system counts as memory of the process though it was of this one.</param>
internal readonly record struct Spawned(int Error, int ProcessId, int Pidfd, long InheritedKilobytes);
