using System.Runtime.InteropServices;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>System calls that play the operator and the unkind system.</summary>
internal static partial class Native
{
    public const int SIGINT = 2, SIGKILL = 9, SIGTERM = 15, SIGSTOP = 19;

    private const int F_SETFD = 2;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    public static int ClearCloseOnExec(int descriptor) => fcntl(descriptor, F_SETFD, 0);
}
