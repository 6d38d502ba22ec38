using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>The calls that give sockets their names: binding, connecting, and what a Unix socket's path needs.</summary>
internal static unsafe partial class Linux
{
    public const int ENOENT = 2, EACCES = 13, ENOTDIR = 20, EROFS = 30, EADDRNOTAVAIL = 99, EAFNOSUPPORT = 97,
        EALREADY = 114, EPROTOTYPE = 91, ENAMETOOLONG = 36;

    public const int LOCK_EX = 2, LOCK_NB = 4, O_DIRECTORY_X64 = 0x10000, O_DIRECTORY_ARM64 = 0x4000, O_CLOEXEC = 0x80000, O_PATH = 0x200000,
        O_NOFOLLOW_X64 = 0x20000, O_NOFOLLOW_ARM64 = 0x8000;

    public const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;

    public const uint STATX_TYPE = 1, STATX_MODE = 2, STATX_INO = 0x100;

    public const int S_IFMT = 0xF000, S_IFSOCK = 0xC000, S_IFLNK = 0xA000;

    /// <summary>Opens a folder itself, never what a link at its end points to. The number differs by processor: fcntl.h.</summary>
    public static int O_DIRECTORY => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? O_DIRECTORY_ARM64 : O_DIRECTORY_X64;

    public static int O_NOFOLLOW => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? O_NOFOLLOW_ARM64 : O_NOFOLLOW_X64;

    /// <summary><c>struct statx</c>, the same on every processor; only the fields in use are named.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(int descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(int descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int descriptor, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int descriptor, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int folder, string path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlink(string path);
}
