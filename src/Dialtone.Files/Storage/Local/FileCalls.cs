using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>
/// Every system call of the local store, and nothing else in this project calls the system. A result below 0 is minus the error. Names are UTF-8
/// and end with a NUL. The methods are virtual so that a test can let the n-th call fail.
/// </summary>
internal unsafe partial class FileCalls
{
    internal const int WantMount = 0x1000;

    internal const int RemoveFolder = 0x200, NoReplace = 1, KeepSize = 1, PunchHole = 2;

    private const int CurrentFolder = -100, EmptyPath = 0x1000, NoFollow = 0x100, LockExclusive = 2, LockNonBlocking = 4, LockRelease = 8, CoarseClock = 5, StartWriting = 2, SeekToData = 3, SeekToHole = 4;
    private const int WantBasics = 0x7FF;

    private const ulong ResolveNoMounts = 1, ResolveNoMagicLinks = 2, ResolveNoLinks = 4, ResolveBeneath = 8;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // Where a C library may lack a wrapper, the number is used: openat2 is one number everywhere, the older ones differ.
    private static readonly nint CallOpenat2 = 437, CallRenameat2 = IsArm ? 276 : 316, CallGetdents64 = IsArm ? 61 : 217, CallStatx = IsArm ? 291 : 332,
        CallCopyFileRange = IsArm ? 285 : 326;

    internal static FileCalls System { get; } = new();

    /// <summary>The clock the kernel stamps files with.</summary>
    internal static FileTime Now
    {
        get
        {
            FileTime now;
            _ = clock_gettime(CoarseClock, &now);
            return now;
        }
    }

    /// <summary>Opens a name of a folder; a path of this process if <paramref name="folder"/> is null.</summary>
    internal virtual int Open(SafeFileHandle? folder, ReadOnlySpan<byte> name, int flags, int mode, out SafeFileHandle file)
    {
        fixed (byte* path = name)
            return Wrap(folder is null ? openat(CurrentFolder, path, flags, mode) : openat(folder, path, flags, mode), out file);
    }

    /// <summary>Opens a path below a folder, passing no link and, if so told, no mount.</summary>
    internal virtual int OpenBeneath(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, bool refuseMounts, out SafeFileHandle file)
    {
        var how = new OpenHow
        {
            Flags = (uint)flags,
            Resolve = ResolveBeneath | ResolveNoLinks | ResolveNoMagicLinks | (refuseMounts ? ResolveNoMounts : 0),
        };
        fixed (byte* name = path)
            return Wrap((int)syscall(CallOpenat2, root, name, &how, sizeof(OpenHow)), out file);
    }

    /// <summary>Looks at a name of a folder without following a link; at the open file itself if the name is empty.</summary>
    internal virtual int Stat(SafeFileHandle folder, ReadOnlySpan<byte> name, out FileStatus status)
    {
        fixed (byte* path = name)
        fixed (FileStatus* result = &status)
            return (int)Result(syscall(CallStatx, folder, path, NoFollow | (name.Length <= 1 ? EmptyPath : 0), WantBasics | WantMount, result));
    }

    internal virtual int MakeFolder(SafeFileHandle folder, ReadOnlySpan<byte> name, int mode)
    {
        fixed (byte* path = name)
            return (int)Result(mkdirat(folder, path, mode));
    }

    internal virtual int Remove(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags)
    {
        fixed (byte* path = name)
            return (int)Result(unlinkat(folder, path, flags));
    }

    internal virtual int Rename(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle to, ReadOnlySpan<byte> newName, int flags)
    {
        fixed (byte* path = name, newPath = newName)
            return (int)Result(syscall(CallRenameat2, from, path, to, newPath, flags));
    }

    internal virtual int Link(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle to, ReadOnlySpan<byte> newName)
    {
        fixed (byte* path = name, newPath = newName)
            return (int)Result(linkat(from, path, to, newPath, 0));
    }

    internal virtual long Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        fixed (byte* target = buffer)
            return Result(pread(file, target, buffer.Length, offset));
    }

    internal virtual long Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        fixed (byte* source = content)
            return Result(pwrite(file, source, content.Length, offset));
    }

    internal virtual long Copy(SafeFileHandle from, long offset, SafeFileHandle to, long newOffset, long count) =>
        Result(syscall(CallCopyFileRange, from, &offset, to, &newOffset, (nint)count, 0));

    /// <summary>Where content begins from an offset on; an error where the disk cannot tell, or there is none.</summary>
    internal virtual long SeekData(SafeFileHandle file, long offset) => Result(lseek(file, offset, SeekToData));

    /// <summary>Where the next hole begins, the end of the file being one.</summary>
    internal virtual long SeekHole(SafeFileHandle file, long offset) => Result(lseek(file, offset, SeekToHole));

    internal virtual int Allocate(SafeFileHandle file, int mode, long offset, long count) => (int)Result(fallocate(file, mode, offset, count));

    internal virtual int Truncate(SafeFileHandle file, long length) => (int)Result(ftruncate(file, length));

    internal virtual int SetMode(SafeFileHandle file, UnixFileMode mode) => (int)Result(fchmod(file, (uint)mode));

    /// <summary>Sets the modification time and leaves the access time.</summary>
    internal virtual int SetModified(SafeFileHandle file, FileTime modified)
    {
        const long Omit = (1 << 30) - 2;
        long* times = stackalloc long[] { 0, Omit, modified.Seconds, modified.Nanoseconds };
        return (int)Result(futimens(file, times));
    }

    /// <summary>Lets the disk begin to write a part of a file, without waiting for it. Says nothing of errors: the sync that follows does.</summary>
    internal virtual int StartSync(SafeFileHandle file, long offset, long count) => (int)Result(sync_file_range(file, offset, count, StartWriting));

    internal virtual int Sync(SafeFileHandle file) => (int)Result(fsync(file));

    /// <summary>Makes everything durable on the file system <paramref name="file"/> is on.</summary>
    internal virtual int SyncAll(SafeFileHandle file) => (int)Result(syncfs(file));

    internal virtual int Lock(SafeFileHandle file) => (int)Result(flock(file, LockExclusive | LockNonBlocking));

    internal virtual int Unlock(SafeFileHandle file) => (int)Result(flock(file, LockRelease));

    internal virtual long ReadFolder(SafeFileHandle folder, Span<byte> buffer)
    {
        fixed (byte* target = buffer)
            return Result(syscall(CallGetdents64, folder, target, buffer.Length));
    }

    private static long Result(long result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    private static int Wrap(int descriptor, out SafeFileHandle file)
    {
        file = descriptor < 0 ? Closed : new SafeFileHandle(descriptor, ownsHandle: true);
        return descriptor < 0 ? -Marshal.GetLastPInvokeError() : 0;
    }
}
