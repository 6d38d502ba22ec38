using System.Runtime.InteropServices;

namespace Dialtone;

/// <summary>Makes names durable: a file that was synced is lost all the same if its folder forgets it. .NET opens no folders.</summary>
internal static partial class FolderSync
{
    private const int O_CLOEXEC = 0x80000; // and read only; alike on x86-64 and arm64
    private const int EINVAL = 22;

    /// <summary>Returns once the folder's names are on the disk. Does nothing where the system or the disk has no such call.</summary>
    /// <exception cref="IOException">The disk did not confirm it.</exception>
    internal static void Sync(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int descriptor = open(folder, O_CLOEXEC);
        if (descriptor < 0)
            throw new IOException($"the folder {folder} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() != EINVAL)
                throw new IOException($"the folder {folder} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
