using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static Dialtone.ProcessCalls;

namespace Dialtone;

/// <summary>Which program a worker is, and how it is started: this program again with its own arguments, unless the policy names another.</summary>
internal sealed unsafe class WorkerCommand
{
    /// <summary>The descriptor at which every worker finds its control socket.</summary>
    public const int ControlDescriptor = 3;

    /// <summary>Tells a process that it is a worker: the server's process id and which of the program's servers it works for.</summary>
    public const string Variable = "DIALTONE_WORKER";

    private static readonly bool HasCloseFrom = NativeLibrary.TryGetExport(
        NativeLibrary.GetMainProgramHandle(), nameof(posix_spawn_file_actions_addclosefrom_np), out _);

    private readonly string _program;
    private readonly string[] _arguments;
    private readonly int _server;

    public WorkerCommand(IReadOnlyList<string>? command, int server)
    {
        if (command is null)
        {
            // The command line as the kernel has it repeats whatever host and options started this program.
            _program = Environment.ProcessPath ?? throw new PlatformNotSupportedException("The system does not tell the path of this program.");
            _arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1];
            MakeAbsolute(_arguments);
            _server = server;
        }
        else
        {
            _program = command[0];
            _arguments = [.. command];
            _server = 0;
        }
    }

    /// <summary>Names the assembly after <c>dotnet</c> by its whole path: the current folder may have changed since.</summary>
    private static void MakeAbsolute(string[] arguments)
    {
        string assembly = Environment.GetCommandLineArgs()[0];
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet" && Path.IsPathRooted(assembly)
            && Array.FindIndex(arguments, 1, argument => Path.GetFileName(argument) == Path.GetFileName(assembly)) is > 0 and int at)
        {
            arguments[at] = assembly;
        }
    }

    /// <summary>Starts one. The kernel kills it when the calling thread ends, so call on a thread that outlives it.</summary>
    /// <param name="control">What becomes the worker's <see cref="ControlDescriptor"/>; stays the caller's to close.</param>
    /// <param name="pid">The new process.</param>
    /// <returns>0 or the error.</returns>
    public int TryStart(int control, out int pid)
    {
        byte* actions = stackalloc byte[OpaqueBytes];
        byte* attributes = stackalloc byte[OpaqueBytes];
        byte* mask = stackalloc byte[OpaqueBytes];
        byte** arguments = ToNative(_arguments);
        byte** environment = ToNative(Environments());
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        try
        {
            _ = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
            _ = posix_spawn_file_actions_adddup2(actions, control, ControlDescriptor);
            // What is not close-on-exec, such as a socket from systemd, stays here all the same.
            if (HasCloseFrom)
                _ = posix_spawn_file_actions_addclosefrom_np(actions, ControlDescriptor + 1);

            // Signals that reach the whole process group leave the ending to the server: blocked from before the first instruction.
            _ = sigemptyset(mask);
            foreach (int signal in (ReadOnlySpan<int>)[SIGHUP, SIGINT, SIGQUIT, SIGTERM])
                _ = sigaddset(mask, signal);
            _ = posix_spawnattr_setsigmask(attributes, mask);
            _ = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
            int started;
            int error = posix_spawn(&started, _program, actions, attributes, arguments, environment);
            pid = started;
            return error;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            Free(arguments);
            Free(environment);
        }
    }

    private List<string> Environments()
    {
        var all = new List<string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry.Key is not Variable)
                all.Add($"{entry.Key}={entry.Value}");
        }

        all.Add(string.Create(CultureInfo.InvariantCulture, $"{Variable}={Environment.ProcessId}:{_server}"));
        return all;
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
}
