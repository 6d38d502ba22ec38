using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Opens paths below an open folder. No link is passed, wherever it stands, so nothing outside can be reached; a path is never compared as text.</summary>
internal sealed class Jail(FileCalls calls, bool refuseMounts)
{
    // The kernel asks to try again when something was renamed anywhere meanwhile; somebody who renames all the time must not hold us up for ever.
    private const int MaxTries = 128;

    internal FileCalls Calls => calls;

    /// <summary>Opens the folder at a path.</summary>
    internal SafeFileHandle OpenFolder(SafeFileHandle root, VirtualPath path) => OpenFolder(root, path, OpenFlags.Folder);

    [SkipLocalsInit]
    internal SafeFileHandle OpenFolder(SafeFileHandle root, VirtualPath path, int flags)
    {
        Span<byte> buffer = stackalloc byte[NativeName.MaxPathBytes];
        Errno.Check(Open(root, NativeName.Of(path, buffer), flags, out SafeFileHandle folder));
        return folder;
    }

    /// <summary>Opens the folder that holds a path. To pass through only (<see cref="OpenFlags.Step"/>), or to change (<see cref="OpenFlags.Folder"/>).</summary>
    [SkipLocalsInit]
    internal SafeFileHandle OpenParent(SafeFileHandle root, VirtualPath path, int flags)
    {
        Span<byte> buffer = stackalloc byte[NativeName.MaxPathBytes];
        Errno.Check(Open(root, NativeName.OfParent(path, buffer), flags, out SafeFileHandle folder));
        return folder;
    }

    /// <summary>Opens a path of UTF-8 bytes with a NUL at its end: 0, or minus the error.</summary>
    internal int Open(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out SafeFileHandle file)
    {
        int result;
        int tries = 0;
        // "Follow nothing" is said once, for the whole path: said again for the last name, a link there would count as "no folder".
        do
            result = calls.OpenBeneath(root, path, flags & ~OpenFlags.NoFollow, refuseMounts, out file);
        while (result is -Errno.TryAgain or -Errno.Interrupted && ++tries < MaxTries);

        // Not remembered: a filter put over the process later would turn a good answer into a bad one, and asking costs little.
        return result is -Errno.NoSystemCall or -Errno.NotPermitted ? Walk(root, path, flags, out file) : result;
    }

    /// <summary>Opens the next name of a path; a link is <see cref="Errno.Loop"/> whatever the flags.</summary>
    internal int OpenChild(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags, out SafeFileHandle child)
    {
        int result;
        int tries = 0;
        do
            result = calls.Open(folder, name, flags, 0, out child);
        while (result is -Errno.Interrupted && ++tries < MaxTries);
        return result == -Errno.NotDirectory && calls.Stat(folder, name, out FileStatus status) == 0 && status.Kind == FileKind.Link ? -Errno.Loop : result;
    }

    // Where openat2 is missing: name by name, each folder held open while the next is looked up in it.
    [SkipLocalsInit]
    private int Walk(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out SafeFileHandle file)
    {
        Span<byte> name = stackalloc byte[NativeName.MaxNameBytes];
        SafeFileHandle folder = root;
        ReadOnlySpan<byte> rest = path[..^1];
        try
        {
            while (true)
            {
                int slash = rest.IndexOf((byte)'/');
                bool isLast = slash < 0;
                ReadOnlySpan<byte> next = isLast ? rest : rest[..slash];
                next.CopyTo(name);
                name[next.Length] = 0;
                int result = OpenChild(folder, name[..(next.Length + 1)], isLast ? flags : OpenFlags.Step, out file);
                if (result == 0 && refuseMounts && CrossesMount(folder, file))
                {
                    file.Dispose();
                    result = -Errno.CrossDevice;
                }

                if (result < 0 || isLast)
                    return result;
                rest = rest[(slash + 1)..];
                if (folder != root)
                    folder.Dispose();
                folder = file;
            }
        }
        finally
        {
            if (folder != root)
                folder.Dispose();
        }
    }

    private bool CrossesMount(SafeFileHandle folder, SafeFileHandle child) =>
        calls.Stat(folder, NativeName.Itself, out FileStatus outer) < 0
        || calls.Stat(child, NativeName.Itself, out FileStatus inner) < 0
        || outer.Mount != inner.Mount
        || !outer.Id.IsOnDeviceOf(inner.Id);
}
