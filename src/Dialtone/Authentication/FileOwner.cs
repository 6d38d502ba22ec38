using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone;

/// <summary>Who owns an open file: .NET does not tell.</summary>
internal static unsafe partial class FileOwner
{
    private const int AT_EMPTY_PATH = 0x1000, STATX_UID = 8, StatxBytes = 256, UidOffset = 20;

    /// <summary>Whether a file belongs to this process's user or to root. True where the system does not know such owners.</summary>
    internal static bool IsUsOrRoot(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return true;
        byte* status = stackalloc byte[StatxBytes];
        byte nothing = 0;
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            if (statx((int)file.DangerousGetHandle(), &nothing, AT_EMPTY_PATH, STATX_UID, status) != 0)
                return false;
        }
        finally
        {
            if (held)
                file.DangerousRelease();
        }

        uint owner = *(uint*)(status + UidOffset);
        return owner == 0 || owner == geteuid();
    }

    [LibraryImport("libc")]
    private static partial int statx(int folder, byte* path, int flags, uint mask, byte* status);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
