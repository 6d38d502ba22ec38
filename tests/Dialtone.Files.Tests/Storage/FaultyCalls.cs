using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files.Tests;

/// <summary>The system's calls, counted, each of which may be told to fail.</summary>
/// <param name="fault">Given the call's name and its number from 1: 0 to let it happen, or the error.</param>
/// <param name="syncs">Whether syncs reach the disk; few tests cut the power.</param>
internal sealed class FaultyCalls(Func<string, int, int> fault, bool syncs = false) : FileCalls
{
    /// <summary>Asked of a write or copy: half of it is done.</summary>
    public const int Short = int.MaxValue;

    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>An errno the store knows by its number.</summary>
    public static FaultyCalls Without(string call, int error) => new((name, _) => name == call ? error : 0);

    internal override int Open(SafeFileHandle? folder, ReadOnlySpan<byte> name, int flags, int mode, out SafeFileHandle file) =>
        Fails("open", out int error, out file) ? error : base.Open(folder, name, flags, mode, out file);

    internal override int OpenBeneath(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, bool refuseMounts, out SafeFileHandle file) =>
        Fails("openat2", out int error, out file) ? error : base.OpenBeneath(root, path, flags, refuseMounts, out file);

    internal override int Stat(SafeFileHandle folder, ReadOnlySpan<byte> name, out FileStatus status)
    {
        status = default;
        return Fails("stat", out int error) ? error : base.Stat(folder, name, out status);
    }

    internal override int MakeFolder(SafeFileHandle folder, ReadOnlySpan<byte> name, int mode) =>
        Fails("mkdir", out int error) ? error : base.MakeFolder(folder, name, mode);

    internal override int Remove(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags) =>
        Fails("unlink", out int error) ? error : base.Remove(folder, name, flags);

    internal override int Rename(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle to, ReadOnlySpan<byte> newName, int flags) =>
        Fails("rename", out int error) ? error : base.Rename(from, name, to, newName, flags);

    internal override int Link(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle to, ReadOnlySpan<byte> newName) =>
        Fails("link", out int error) ? error : base.Link(from, name, to, newName);

    internal override long Read(SafeFileHandle file, Span<byte> buffer, long offset) =>
        Fails("read", out int error) ? error : base.Read(file, buffer, offset);

    internal override long Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        if (!Fails("write", out int error))
            return base.Write(file, content, offset);
        return error == -Short ? base.Write(file, content[..((content.Length + 1) / 2)], offset) : error;
    }

    internal override long Copy(SafeFileHandle from, long offset, SafeFileHandle to, long newOffset, long count)
    {
        if (!Fails("copy", out int error))
            return base.Copy(from, offset, to, newOffset, count);
        return error == -Short ? base.Copy(from, offset, to, newOffset, (count + 1) / 2) : error;
    }

    internal override long SeekData(SafeFileHandle file, long offset) => Fails("seek", out int error) ? error : base.SeekData(file, offset);

    internal override long SeekHole(SafeFileHandle file, long offset) => Fails("seek", out int error) ? error : base.SeekHole(file, offset);

    internal override int Allocate(SafeFileHandle file, int mode, long offset, long count) =>
        Fails("fallocate", out int error) ? error : base.Allocate(file, mode, offset, count);

    internal override int Truncate(SafeFileHandle file, long length) => Fails("truncate", out int error) ? error : base.Truncate(file, length);

    internal override int SetMode(SafeFileHandle file, UnixFileMode mode) => Fails("chmod", out int error) ? error : base.SetMode(file, mode);

    internal override int SetModified(SafeFileHandle file, FileTime modified) => Fails("utime", out int error) ? error : base.SetModified(file, modified);

    internal override int StartSync(SafeFileHandle file, long offset, long count) =>
        Fails("sync_file_range", out int error) ? error : syncs ? base.StartSync(file, offset, count) : 0;

    internal override int Sync(SafeFileHandle file) => Fails("fsync", out int error) ? error : syncs ? base.Sync(file) : 0;

    internal override int SyncAll(SafeFileHandle file) => Fails("syncfs", out int error) ? error : syncs ? base.SyncAll(file) : 0;

    internal override int Lock(SafeFileHandle file) => Fails("flock", out int error) ? error : base.Lock(file);

    // It happens even where it "fails": a process that another test starts at this moment holds the file as well, and would keep the lock for us.
    internal override int Unlock(SafeFileHandle file)
    {
        int result = base.Unlock(file);
        return Fails("unlock", out int error) ? error : result;
    }

    internal override long ReadFolder(SafeFileHandle folder, Span<byte> buffer) =>
        Fails("getdents", out int error) ? error : base.ReadFolder(folder, buffer);

    private bool Fails(string call, out int error)
    {
        error = -fault(call, Interlocked.Increment(ref _count));
        return error != 0;
    }

    private bool Fails(string call, out int error, out SafeFileHandle file)
    {
        file = new SafeFileHandle(-1, ownsHandle: false);
        return Fails(call, out error);
    }
}
