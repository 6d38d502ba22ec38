using System.Runtime.InteropServices;

namespace Dialtone;

/// <summary>The Linux system calls that start, watch and end worker processes, and pass descriptors to them.</summary>
internal static unsafe partial class ProcessCalls
{
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGKILL = 9, SIGTERM = 15;

    public const int ECHILD = 10, PR_SET_PDEATHSIG = 1, WNOHANG = 1, O_RDONLY = 0, SCM_RIGHTS = 1, MSG_CTRUNC = 8, MSG_CMSG_CLOEXEC = 0x40000000;

    public const short POSIX_SPAWN_SETSIGMASK = 8;

    /// <summary>Room for glibc's and musl's <c>posix_spawn_file_actions_t</c> (80 bytes), <c>posix_spawnattr_t</c> (336) and <c>sigset_t</c> (128).</summary>
    public const int OpaqueBytes = 512;

    private const int PidfdSendSignal = 424, PidfdOpen = 434; // the same numbers on every architecture

    /// <summary><c>struct cmsghdr</c> with room for one descriptor.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct DescriptorMessage
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
        private readonly int _padding;

        /// <summary>CMSG_LEN(sizeof(int)).</summary>
        public static nuint OneDescriptor => 20;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socketpair(int domain, int type, int protocol, int* pair);

    /// <summary>Returns the error itself, not −1.</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn(int* pid, string path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int descriptor, int wanted);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addopen(void* actions, int descriptor, string path, int flags, uint mode);

    /// <summary>glibc 2.34 and later; musl has none.</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int from);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* mask);

    [LibraryImport("libc")]
    public static partial int sigemptyset(void* set);

    [LibraryImport("libc")]
    public static partial int sigaddset(void* set, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint argument, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    /// <summary>A descriptor that becomes readable when the process ends; −1 where the system has none (before Linux 5.3).</summary>
    public static int OpenPidfd(int pid) => (int)SystemCall(PidfdOpen, pid, 0, 0, 0);

    /// <summary>Kills by pidfd where there is one, so that a number the system has given to another process meanwhile is never meant.</summary>
    public static void Kill(int pid, int pidfd) => _ = pidfd >= 0 ? (int)SystemCall(PidfdSendSignal, pidfd, SIGKILL, 0, 0) : kill(pid, SIGKILL);
}
