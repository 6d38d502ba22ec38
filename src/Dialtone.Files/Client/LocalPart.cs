using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A local file on its way in: hidden, written from front to back, and put in place when it is whole.</summary>
internal sealed class LocalPart : IContentSink, IDisposable
{
    /// <summary>What new files get, less the process's mask.</summary>
    public const UnixFileMode UsualMode = (UnixFileMode)0b110_110_110;

    private const int WorthReserving = 1024 * 1024;
    private static readonly FileCalls Calls = FileCalls.System;
    private static readonly UnixFileMode Mask = ReadMask();

    private readonly LocalFolder _folder;
    private readonly SafeFileHandle _file;
    private readonly string _name;
    private readonly string _target; // for those who hear that it failed: nobody asked for the hidden name
    private readonly bool _keep;
    private bool _isGone;

    private LocalPart(LocalFolder folder, SafeFileHandle file, string name, string target, bool keep, long length) =>
        (_folder, _file, _name, _target, _keep, Length) = (folder, file, name, target, keep, length);

    /// <summary>Bytes in it.</summary>
    public long Length { get; private set; }

    /// <summary>Makes it, or takes up what was kept.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Its hidden name.</param>
    /// <param name="target">What it becomes.</param>
    /// <param name="keep">Whether it stays, to be continued, when it does not become that.</param>
    public static LocalPart Create(LocalFolder folder, string name, string target, bool keep)
    {
        Span<byte> path = stackalloc byte[VirtualPath.MaxNameBytes + 1];
        path = LocalFolder.Terminated(name, path);
        int result = Calls.Open(folder.Handle, path, OpenFlags.NewFile, 0b110_000_000, out SafeFileHandle file);
        if (result != -Errno.Exists || !keep)
        {
            LocalFolder.Check(result, target);
            return new LocalPart(folder, file, name, target, keep, 0);
        }

        LocalFolder.Check(Calls.Open(folder.Handle, path, OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0, out file), target);
        LocalFolder.Check(Calls.Stat(file, "\0"u8, out FileStatus status), target);
        if (status.Kind != FileKind.File)
            throw new FileException(FileError.NotRegular, $"{name} is in the way (on this side).");
        return new LocalPart(folder, file, name, target, keep, status.Size);
    }

    /// <summary>Takes the disk's room now, where the file system can, so that a full disk is told at once.</summary>
    public void Reserve(long size)
    {
        const int NotSupported = -Errno.NotSupported, NoSystemCall = -Errno.NoSystemCall;
        if (size < WorthReserving)
            return;
        int result = Calls.Allocate(_file, FileCalls.KeepSize, 0, size);
        if (result is not (NotSupported or NoSystemCall))
            LocalFolder.Check(result, _target);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        WriteAll(_file, content.Span, Length, _target);
        Length += content.Length;
        return default;
    }

    public void Truncate(long length)
    {
        LocalFolder.Check(Calls.Truncate(_file, length), _target);
        Length = length;
    }

    /// <summary>The CRC-32C of what is there.</summary>
    public uint ComputeCrc() => ComputeCrc(_file, Length, _target);

    /// <summary>The CRC-32C of a file's first bytes.</summary>
    public static uint ComputeCrc(SafeFileHandle file, long length, string name)
    {
        byte[] buffer = TransferBuffers.Rent(length);
        try
        {
            uint crc = 0;
            for (long at = 0; at < length;)
            {
                long count = Calls.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), at);
                LocalFolder.Check(count, name);
                if (count == 0)
                    throw new FileException(FileError.Changed, $"{name} became shorter while it was read (on this side).");
                crc = Crc32C.Append(crc, buffer.AsSpan(0, (int)count));
                at += count;
            }

            return crc;
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    /// <summary>Gives it its name, in one step.</summary>
    public void Publish(string name, DateTimeOffset? modified, UnixFileMode? mode)
    {
        Span<byte> part = stackalloc byte[VirtualPath.MaxNameBytes + 1], target = stackalloc byte[VirtualPath.MaxNameBytes + 1];
        LocalFolder.Check(Calls.SetMode(_file, mode ?? (UsualMode & ~Mask)), name);
        SetAttributes(_file, modified, null, name);
        LocalFolder.Check(Calls.Rename(_folder.Handle, LocalFolder.Terminated(_name, part), _folder.Handle, LocalFolder.Terminated(name, target), 0), name);
        _isGone = true;
    }

    /// <summary>Removes it, kept or not.</summary>
    public void Discard()
    {
        if (_isGone)
            return;
        _isGone = true;
        Span<byte> path = stackalloc byte[VirtualPath.MaxNameBytes + 1];
        _ = Calls.Remove(_folder.Handle, LocalFolder.Terminated(_name, path), 0);
    }

    /// <summary>Closes it. What was not put in place stays if it is to be continued and is removed otherwise.</summary>
    public void Dispose()
    {
        if (!_keep || Length == 0)
            Discard();
        _file.Dispose();
    }

    internal static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> content, long offset, string name)
    {
        while (!content.IsEmpty)
        {
            long count = Calls.Write(file, content, offset);
            if (count == -Errno.Interrupted)
                continue;
            LocalFolder.Check(count, name);
            offset += count;
            content = content[(int)count..];
        }
    }

    /// <summary>Sets what a new file does not have by itself: permission bits only where the process's mask took some away.</summary>
    internal static void SetAttributes(SafeFileHandle file, DateTimeOffset? modified, UnixFileMode? mode, string name)
    {
        if (mode is { } bits && (bits & Mask) != 0)
            LocalFolder.Check(Calls.SetMode(file, bits), name);
        if (modified is { } time)
            LocalFolder.Check(Calls.SetModified(file, FileTime.From(time)), name);
    }

    // There is no call that reads the mask and leaves it.
    private static UnixFileMode ReadMask()
    {
        const UnixFileMode Unknown = (UnixFileMode)0b111_111_111;
        try
        {
            string? line = File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith("Umask:", StringComparison.Ordinal));
            return line is null ? Unknown : (UnixFileMode)Convert.ToInt32(line["Umask:".Length..].Trim(), 8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return Unknown;
        }
    }
}
