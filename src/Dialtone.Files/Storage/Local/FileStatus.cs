using System.Runtime.InteropServices;
using System.Text;

namespace Dialtone.Files;

/// <summary>Which file or folder something is, whatever its name.</summary>
internal readonly record struct FileId(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    internal bool IsOnDeviceOf(in FileId other) => DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;
}

/// <summary>A time as the kernel gives it: seconds since the epoch, and nanoseconds upwards from there.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct FileTime(long Seconds, uint Nanoseconds)
{
    private static readonly long Earliest = -DateTimeOffset.UnixEpoch.Ticks / TimeSpan.TicksPerSecond;
    private static readonly long Latest = (DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    internal static FileTime From(DateTimeOffset time)
    {
        (long seconds, long ticks) = Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        return ticks < 0 ? new FileTime(seconds - 1, (uint)(ticks + TimeSpan.TicksPerSecond) * 100) : new FileTime(seconds, (uint)ticks * 100);
    }

    /// <summary>Times .NET cannot express come out as the nearest it can.</summary>
    internal DateTimeOffset ToDateTimeOffset() => Seconds < Earliest ? DateTimeOffset.MinValue
        : Seconds >= Latest ? DateTimeOffset.MaxValue
        : DateTimeOffset.UnixEpoch.AddTicks((Seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / 100));
}

/// <summary><c>struct statx</c>, as far as the store reads it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct FileStatus
{
    private const int KindMask = 0xF000, KindFolder = 0x4000, KindFile = 0x8000, KindLink = 0xA000;

    [FieldOffset(0)] private readonly uint _mask;
    [FieldOffset(16)] private readonly uint _links;
    [FieldOffset(28)] private readonly ushort _mode;
    [FieldOffset(32)] private readonly ulong _inode;
    [FieldOffset(40)] private readonly ulong _size;
    [FieldOffset(48)] private readonly ulong _blocks;
    [FieldOffset(96)] private readonly FileTime _changed;
    [FieldOffset(112)] private readonly FileTime _modified;
    [FieldOffset(136)] private readonly uint _deviceMajor;
    [FieldOffset(140)] private readonly uint _deviceMinor;
    [FieldOffset(144)] private readonly ulong _mount;

    internal FileId Id => new(_deviceMajor, _deviceMinor, _inode);

    /// <summary>The mount it was reached through; 0 where the kernel does not say (before 5.8).</summary>
    internal ulong Mount => (_mask & FileCalls.WantMount) != 0 ? _mount : 0;

    internal FileKind Kind => (_mode & KindMask) switch
    {
        KindFile => FileKind.File,
        KindFolder => FileKind.Folder,
        KindLink => FileKind.Link,
        _ => FileKind.Other,
    };

    internal uint Links => _links;

    internal long Size => Kind == FileKind.File ? (long)_size : 0;

    /// <summary>Bytes the disk gives it; fewer than its size where it has holes.</summary>
    internal long Allocated => (long)_blocks * 512;

    internal FileTime Modified => _modified;

    internal FileTime Changed => _changed;

    internal UnixFileMode Mode => (UnixFileMode)_mode & Refusals.Permissions;

    internal FileEntry Describe(string name) => new(name, Kind, Size, Modified.ToDateTimeOffset(), Mode);

    internal FileEntry Describe(ReadOnlySpan<byte> name) => Describe(Encoding.UTF8.GetString(name));
}
