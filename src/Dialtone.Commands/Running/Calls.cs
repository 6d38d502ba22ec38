using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>The Linux system calls that start, feed, watch and end commands, and nothing more. x86-64 and arm64 share every number here.</summary>
internal static unsafe partial class Calls
{
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGKILL = 9, SIGUSR1 = 10, SIGUSR2 = 12, SIGTERM = 15, SIGCONT = 18, SIGXCPU = 24;

    public const int ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, EAGAIN = 11, EPIPE = 32;

    public const int O_RDONLY = 0, O_RDWR = 2, O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000,
        F_GETFL = 3, F_SETFL = 4, F_SETPIPE_SZ = 1031, F_DUPFD_CLOEXEC = 1030;

    public const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLONESHOT = 1u << 30;

    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLL_CLOEXEC = 0x80000;

    public const short POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8, POSIX_SPAWN_SETSID = 0x80;

    public const int CLONE_FS = 0x200, PR_SET_NO_NEW_PRIVS = 38, WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x1000000, P_PID = 1, RLIMIT_CPU = 0, RUSAGE_SELF = 0;

    public const nuint TIOCSWINSZ = 0x5414;

    /// <summary>Room for glibc's and musl's <c>posix_spawn_file_actions_t</c> (80 bytes), <c>posix_spawnattr_t</c> (336) and <c>sigset_t</c> (128).</summary>
    public const int OpaqueBytes = 512;

    private const int PidfdSendSignal = 424, PidfdOpen = 434; // the same numbers on every architecture

    /// <summary><c>struct epoll_event</c>: packed on x86-64 only.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct PackedEpollEvent
    {
        public uint Events;
        public ulong Data;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct AlignedEpollEvent
    {
        public uint Events;
        private readonly uint _padding;
        public ulong Data;
    }

    /// <summary><c>struct rusage</c>, of which the first three fields are read; on 64-bit systems it has 144 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    public struct Usage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
        public long MaxResidentKilobytes;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        private readonly ushort _pixelsWide;
        private readonly ushort _pixelsHigh;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* pair, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int descriptor, void* epollEvent);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, void* events, int count, int timeout);

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

    /// <summary>glibc 2.29 and later, musl 1.1.24 and later.</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(void* actions, string path);

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
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* set);

    [LibraryImport("libc")]
    public static partial int sigemptyset(void* set);

    [LibraryImport("libc")]
    public static partial int sigfillset(void* set);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int wait4(int pid, int* status, int options, Usage* usage);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getrusage(int who, Usage* usage);

    /// <summary>Fills a <c>siginfo_t</c> of 128 bytes, which begins with 0 when there was nothing to tell.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitid(int kind, uint id, int* information, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prlimit(int pid, int resource, ResourceLimit* limit, ResourceLimit* old);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint argument, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport("libc")]
    public static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int grantpt(int master);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlockpt(int master);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ptsname_r(int master, byte* name, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    /// <summary>A descriptor that becomes readable when the process ends; −1 before Linux 5.3.</summary>
    public static int OpenPidfd(int pid) => (int)SystemCall(PidfdOpen, pid, 0, 0, 0);

    public static int SendSignal(int pidfd, int signal) => (int)SystemCall(PidfdSendSignal, pidfd, signal, 0, 0);

    public static IOException Error(string what, int error) => new($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
}
