using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A folder of the local disk, held open: what is done in it happens in this folder, whatever becomes of its path, and no link in it is followed.</summary>
internal sealed class LocalFolder : IDisposable
{
    private const int NameBytes = VirtualPath.MaxNameBytes + 1;
    private const int NewFolderMode = 0b111_111_111;

    private static readonly FileCalls Calls = FileCalls.System;
    private static int LastPart;

    private LocalFolder(SafeFileHandle handle, bool isNew = false) => (Handle, IsNew) = (handle, isNew);

    /// <summary>The open folder.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Whether it was made when it was opened: nothing is in it.</summary>
    public bool IsNew { get; }

    /// <summary>Opens a folder the user named: links in the user's own path are the user's business.</summary>
    /// <exception cref="FileException">It is missing, or no folder, or this system is not supported.</exception>
    public static LocalFolder Open(string path)
    {
        if (!OpenFlags.IsSupported)
            throw new FileException(FileError.Unsupported, "Files are moved to and from the local disk on Linux only; use streams elsewhere.");
        int result = Calls.Open(null, Encoding.UTF8.GetBytes(Path.GetFullPath(path) + '\0'), OpenFlags.Directory | OpenFlags.CloseOnExec, 0, out SafeFileHandle handle);
        return result < 0 ? throw Refusal(result, path) : new LocalFolder(handle);
    }

    /// <summary>Opens the folder a file is in.</summary>
    public static LocalFolder OpenParent(string path, out string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        name = Path.GetFileName(full);
        if (name.Length == 0)
            throw new FileException(FileError.IsFolder, "The local path names a folder.");
        return Open(Path.GetDirectoryName(full)!);
    }

    /// <summary>A folder in this one; no link is followed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="create">Makes it if it is missing.</param>
    public LocalFolder OpenChild(string name, bool create)
    {
        Span<byte> path = stackalloc byte[NameBytes];
        path = Terminated(name, path);
        int result = Calls.Open(Handle, path, OpenFlags.Folder, 0, out SafeFileHandle handle);
        bool isNew = false;
        if (result == -Errno.NoEntry && create)
        {
            result = Calls.MakeFolder(Handle, path, NewFolderMode);
            isNew = result == 0;
            if (result is 0 or -Errno.Exists)
                result = Calls.Open(Handle, path, OpenFlags.Folder, 0, out handle);
        }

        return result < 0 ? throw Refusal(result, name) : new LocalFolder(handle, isNew);
    }

    /// <summary>What stands at a name, links not followed: false for nothing.</summary>
    public bool TryStat(string name, out FileStatus status)
    {
        Span<byte> path = stackalloc byte[NameBytes];
        int result = Calls.Stat(Handle, Terminated(name, path), out status);
        return result switch
        {
            0 => true,
            -Errno.NoEntry => false,
            _ => throw Refusal(result, name),
        };
    }

    /// <summary>Opens a regular file to read; no link is followed.</summary>
    public SafeFileHandle OpenFile(string name)
    {
        Span<byte> path = stackalloc byte[NameBytes];
        int result = Calls.Open(Handle, Terminated(name, path), OpenFlags.Reading, 0, out SafeFileHandle file);
        return result < 0 ? throw Refusal(result, name) : file;
    }

    /// <summary>Writes a whole file beside its name and puts it in place in one step: five system calls.</summary>
    public void WriteFile(string name, ReadOnlySpan<byte> content, DateTimeOffset? modified, UnixFileMode? mode)
    {
        Span<byte> target = stackalloc byte[NameBytes], part = stackalloc byte[NameBytes];
        target = Terminated(name, target);
        part = Terminated(NextPartName(), part);
        Check(Calls.Open(Handle, part, OpenFlags.NewFile, (int)(mode ?? LocalPart.UsualMode), out SafeFileHandle file), name);
        bool isDone = false;
        try
        {
            using (file)
            {
                LocalPart.WriteAll(file, content, 0, name);
                LocalPart.SetAttributes(file, modified, mode, name);
            }

            Check(Calls.Rename(Handle, part, Handle, target, 0), name);
            isDone = true;
        }
        finally
        {
            if (!isDone)
                _ = Calls.Remove(Handle, part, 0);
        }
    }

    /// <summary>A hidden file that becomes another when it is whole, and vanishes when it does not.</summary>
    /// <param name="target">What it becomes, for those who hear why not.</param>
    public LocalPart NewPart(string target) => LocalPart.Create(this, NextPartName(), target, keep: false);

    /// <summary>The hidden file in which an interrupted fetch of <paramref name="name"/> left what it had; empty if there was none.</summary>
    public LocalPart OpenPart(string name, string target) =>
        LocalPart.Create(this, $".dialtone-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8))}.part", target, keep: true);

    /// <summary>Removes a file, or a folder with all that is in it; a link itself.</summary>
    public void Remove(string name)
    {
        Span<byte> path = stackalloc byte[NameBytes];
        path = Terminated(name, path);
        if (!TryStat(name, out FileStatus status))
            return;
        if (status.Kind == FileKind.Folder)
        {
            using (LocalFolder child = OpenChild(name, create: false))
            {
                foreach (string inner in child.ListNames())
                    child.Remove(inner);
            }
        }

        Check(Calls.Remove(Handle, path, status.Kind == FileKind.Folder ? FileCalls.RemoveFolder : 0), name);
    }

    /// <summary>The names in it, in no order. A name that is no UTF-8 comes out wrong and will not be found.</summary>
    public List<string> ListNames()
    {
        // A descriptor of its own: the position in a folder belongs to the open file.
        Check(Calls.Open(Handle, ".\0"u8, OpenFlags.Folder, 0, out SafeFileHandle folder), ".");
        using (folder)
        {
            var names = new List<string>();
            byte[] buffer = new byte[32 * 1024];
            while (true)
            {
                long count = Calls.ReadFolder(folder, buffer);
                Check(count, ".");
                if (count == 0)
                    return names;
                AddNames(buffer.AsSpan(0, (int)count), names);
            }
        }
    }

    public void Dispose() => Handle.Dispose();

    /// <summary>What the local disk refused, told as such.</summary>
    public static FileException Refusal(long result, string name)
    {
        FileException refusal = Errno.Refusal(result);
        var system = new System.ComponentModel.Win32Exception((int)-result);
        return new FileException(refusal.Reason, $"{name}: {system.Message} (on this side)", system);
    }

    internal static void Check(long result, string name)
    {
        if (result < 0)
            throw Refusal(result, name);
    }

    internal static Span<byte> Terminated(string name, Span<byte> buffer)
    {
        if (!Encoding.UTF8.TryGetBytes(name, buffer[..^1], out int count))
            throw new FileException(FileError.BadPath, "A name is too long for the local disk.");
        buffer[count] = 0;
        return buffer[..(count + 1)];
    }

    private static string NextPartName() =>
        string.Create(null, stackalloc char[64], $".dialtone-{Environment.ProcessId:x}-{Interlocked.Increment(ref LastPart):x}.part");

    // struct linux_dirent64: inode 8, offset 8, length 2, type 1, name.
    private static void AddNames(ReadOnlySpan<byte> entries, List<string> names)
    {
        while (!entries.IsEmpty)
        {
            int length = BitConverter.ToUInt16(entries[16..]);
            ReadOnlySpan<byte> name = entries[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                names.Add(Encoding.UTF8.GetString(name));
            entries = entries[length..];
        }
    }
}
