using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>The folder <c>.dialtone/uploads</c>, in which content waits until it is published: <c>ID</c>, and <c>ID.json</c> for what can be continued.</summary>
internal sealed class Staging : IDisposable
{
    private const int IdBytes = 16, IdsAtATime = 64;
    private const string RecordSuffix = ".json", NewRecordSuffix = ".new";

    private const int OwnerOnly = 0b111_000_000, OwnerOnlyFile = 0b110_000_000;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly string[] Suffixes = [RecordSuffix, NewRecordSuffix];

    private readonly LocalShare _share;
    private readonly ConcurrentDictionary<string, bool> _held = new();
    private readonly byte[] _random = new byte[IdBytes * IdsAtATime]; // its own lock
    private int _usedRandom = IdBytes * IdsAtATime;                   // under the lock of _random
    private readonly SafeFileHandle? _folder;
    private readonly SafeFileHandle? _lock;

    private Staging(LocalShare share, SafeFileHandle? folder, SafeFileHandle? lockFile) => (_share, _folder, _lock) = (share, folder, lockFile);

    /// <exception cref="FileException">The disk cannot be written.</exception>
    internal SafeFileHandle Folder => _folder ?? throw Errno.Refusal(-Errno.ReadOnlyDisk);

    /// <summary>Prepares the staging folder. Where the disk cannot be written, there is none, and the store only reads.</summary>
    internal static Staging Open(LocalShare share, SafeFileHandle root)
    {
        FileCalls calls = share.Calls;
        SafeFileHandle? folder = null;
        try
        {
            using SafeFileHandle top = OpenPrivate(calls, root, Encoding.UTF8.GetBytes(VirtualPath.PrivateFolder + '\0'));
            folder = OpenPrivate(calls, top, "uploads\0"u8);
            RefuseOtherFileSystem(calls, root, folder);
            return new Staging(share, folder, TakeLock(calls, top));
        }
        catch (FileException e) when (e.Reason is FileError.ReadOnly or FileError.Denied)
        {
            folder?.Dispose();
            StoreLog.ReadOnly(share.Log, e.InnerException?.Message ?? e.Message);
            return new Staging(share, null, null);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }
    }

    internal LocalStagedFile Create(long? size, ReadOnlyMemory<byte> record)
    {
        SafeFileHandle folder = Folder;
        string id = NewId();
        byte[] name = NameOf(id);
        int result = _share.Calls.Open(folder, name, OpenFlags.NewFile, 0b110_110_110, out SafeFileHandle file);
        Errno.Check(result); // nothing was made, so nothing is left behind
        _held[id] = true;
        var staged = new LocalStagedFile(_share, id, name, file, record.ToArray(), 0);
        try
        {
            staged.Reserve(size ?? 0);
            if (staged.IsKept)
                WriteRecord(folder, id, record.Span);
            return staged;
        }
        catch
        {
            staged.Discard();
            throw;
        }
    }

    // The generator's price is per call: many small files come at a time.
    private string NewId()
    {
        lock (_random)
        {
            if (_usedRandom == _random.Length)
            {
                RandomNumberGenerator.Fill(_random);
                _usedRandom = 0;
            }

            _usedRandom += IdBytes;
            return Convert.ToHexStringLower(_random, _usedRandom - IdBytes, IdBytes);
        }
    }

    internal LocalStagedFile Resume(string id)
    {
        if (_folder is not { } folder || !IsId(id) || !_held.TryAdd(id, true))
            throw Refusals.NoSuchUpload;
        SafeFileHandle? file = null;
        try
        {
            byte[]? record = ReadRecord(folder, id);
            byte[] name = NameOf(id);
            int opened = _share.Jail.OpenChild(folder, name, OpenFlags.ReadWrite | OpenFlags.Reading, out file);
            if (record is null || opened < 0 || _share.Calls.Stat(file, NativeName.Itself, out FileStatus status) < 0 || status is not { Kind: FileKind.File, Links: 1 })
                throw Refusals.NoSuchUpload;
            return new LocalStagedFile(_share, id, name, file, record, status.Size);
        }
        catch
        {
            file?.Dispose();
            _held.TryRemove(id, out _);
            throw;
        }
    }

    internal List<StagedEntry> List(CancellationToken cancellationToken)
    {
        var kept = new List<StagedEntry>();
        if (_folder is null)
            return kept;
        foreach (string id in Ids(cancellationToken).Where(found => found.Value).Select(found => found.Key))
        {
            if (_share.Calls.Stat(_folder, NameOf(id), out FileStatus status) == 0 && status.Kind == FileKind.File
                && ReadRecord(_folder, id) is { } record)
            {
                kept.Add(new StagedEntry(id, record, status.Size, status.Modified.ToDateTimeOffset()));
            }
        }

        return kept;
    }

    internal int Sweep(TimeSpan age, CancellationToken cancellationToken)
    {
        if (_folder is null)
            return 0;
        int swept = 0;
        DateTimeOffset now = _share.Options.Time.GetUtcNow();
        foreach ((string id, bool hasRecord) in Ids(cancellationToken))
        {
            if (!_held.TryAdd(id, true))
                continue; // somebody works on it
            try
            {
                bool isThere = _share.Calls.Stat(_folder, NameOf(id), out FileStatus status) == 0;
                if (isThere && (status.Kind != FileKind.File || (hasRecord && now - status.Modified.ToDateTimeOffset() <= age && ReadRecord(_folder, id) is not null)))
                    continue;
                Remove(id, hasRecord);
                swept++;
            }
            finally
            {
                _held.TryRemove(id, out _);
            }
        }

        return swept;
    }

    /// <summary>Gives content its name: 0, or minus the error.</summary>
    internal int MoveOut(ReadOnlySpan<byte> staged, SafeFileHandle folder, ReadOnlySpan<byte> name, bool replace)
    {
        int result = _share.Calls.Rename(Folder, staged, folder, name, replace ? 0 : FileCalls.NoReplace);
        if (result != -Errno.Invalid || replace)
            return result;
        // A file system that cannot rename without replacing can still refuse to link over a name.
        result = _share.Calls.Link(Folder, staged, folder, name);
        if (result == 0)
            _ = _share.Calls.Remove(Folder, staged, 0);
        return result;
    }

    /// <summary>Removes content that was not published, and its record; what cannot be removed is swept later.</summary>
    internal void Remove(string id, bool hasRecord)
    {
        int result = _share.Calls.Remove(Folder, NameOf(id), 0);
        if (hasRecord)
            RemoveRecord(id);
        if (result is < 0 and not -Errno.NoEntry)
            StoreLog.NotRemoved(_share.Log, -result);
    }

    internal void RemoveRecord(string id)
    {
        foreach (string suffix in Suffixes)
            _ = _share.Calls.Remove(Folder, NameOf(id + suffix), 0);
    }

    internal void LetGo(string id) => _held.TryRemove(id, out _);

    public void Dispose()
    {
        _folder?.Dispose();
        if (_lock is null or { IsClosed: true })
            return;
        // Not by closing alone: a child that was forked and has not yet become its program holds the same open file.
        _ = _share.Calls.Unlock(_lock);
        _lock.Dispose();
    }

    private static byte[] NameOf(string name) => Encoding.ASCII.GetBytes(name + '\0');

    private static bool IsId(string text) => text.Length == IdBytes * 2 && !text.AsSpan().ContainsAnyExcept(HexDigits);

    // What stands in the folder under names of ours; anything else was put there by somebody else and stays.
    private Dictionary<string, bool> Ids(CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, bool>();
        Errno.Check(_share.Jail.OpenChild(Folder, NativeName.This, OpenFlags.Folder, out SafeFileHandle folder));
        using (folder)
        {
            using var entries = new FolderEntries(_share.Calls, folder);
            while (entries.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                string name = Encoding.Latin1.GetString(entries.Name);
                string id = name[..Math.Min(name.Length, IdBytes * 2)];
                if (!IsId(id))
                    continue;
                if (name == id)
                    found.TryAdd(id, false);
                else if (Suffixes.Contains(name[id.Length..]))
                    found[id] = true;
            }
        }

        return found;
    }

    // Under another name first: a record is whole or absent, whenever the process dies.
    private void WriteRecord(SafeFileHandle folder, string id, ReadOnlySpan<byte> record)
    {
        FileCalls calls = _share.Calls;
        byte[] temporary = NameOf(id + NewRecordSuffix);
        Errno.Check(calls.Open(folder, temporary, OpenFlags.NewFile, OwnerOnlyFile, out SafeFileHandle file));
        using (file)
            WriteAll(calls, file, record, 0);
        Errno.Check(calls.Rename(folder, temporary, folder, NameOf(id + RecordSuffix), 0));
    }

    private byte[]? ReadRecord(SafeFileHandle folder, string id)
    {
        int opened = _share.Jail.OpenChild(folder, NameOf(id + RecordSuffix), OpenFlags.Reading, out SafeFileHandle file);
        using (file)
        {
            if (opened < 0 || _share.Calls.Stat(file, NativeName.Itself, out FileStatus status) < 0 || status.Kind != FileKind.File)
                return null;
            byte[] record = new byte[Math.Min(status.Size, Refusals.MaxRecordBytes)];
            int length = 0;
            while (length < record.Length)
            {
                long read = _share.Calls.Read(file, record.AsSpan(length), length);
                if (read == -Errno.Interrupted)
                    continue;
                if (read <= 0)
                    return null;
                length += (int)read;
            }

            return length == 0 ? null : record;
        }
    }

    /// <summary>Writes all of it, however the system splits it. Returns nothing: what was written before a failure is the caller's to forget.</summary>
    internal static void WriteAll(FileCalls calls, SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        while (!content.IsEmpty)
        {
            long written = calls.Write(file, content, offset);
            if (written == -Errno.Interrupted)
                continue;
            if (written == 0)
                written = -Errno.Io; // a disk that takes nothing and says nothing must not hold us up for ever
            Errno.Check(written);
            content = content[(int)written..];
            offset += written;
        }
    }

    private static SafeFileHandle OpenPrivate(FileCalls calls, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        int made = calls.MakeFolder(parent, name, OwnerOnly);
        if (made != -Errno.Exists)
            Check(made);
        Check(calls.Open(parent, name, OpenFlags.Folder, 0, out SafeFileHandle folder));
        int closed = calls.Stat(folder, NativeName.Itself, out FileStatus found);
        if (closed == 0 && found.Mode != (UnixFileMode)OwnerOnly)
            closed = calls.SetMode(folder, (UnixFileMode)OwnerOnly);
        if (closed == 0)
            return folder;
        folder.Dispose();
        throw Unusable(closed);
    }

    private static void RefuseOtherFileSystem(FileCalls calls, SafeFileHandle root, SafeFileHandle folder)
    {
        Check(calls.Stat(root, NativeName.Itself, out FileStatus outer));
        Check(calls.Stat(folder, NativeName.Itself, out FileStatus inner));
        if (!outer.Id.IsOnDeviceOf(inner.Id) || outer.Mount != inner.Mount)
            throw new FileException(FileError.Failed, $"The folder '{VirtualPath.PrivateFolder}' is on another file system than the shared folder; content could not be published from there.");
    }

    // Two servers on one folder would sweep each other's uploads, and neither would know what is used.
    private static SafeFileHandle TakeLock(FileCalls calls, SafeFileHandle top)
    {
        Check(calls.Open(top, "lock\0"u8, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Reading, OwnerOnlyFile, out SafeFileHandle file));
        int locked = calls.Lock(file);
        if (locked == 0 || locked == -Errno.NotSupported)
            return file;
        file.Dispose();
        throw locked == -Errno.TryAgain
            ? new FileException(FileError.Failed, "Another server works on this folder.")
            : Unusable(locked);
    }

    private static void Check(int result)
    {
        if (result < 0)
            throw Unusable(result);
    }

    private static FileException Unusable(int result) => result is -Errno.Loop or -Errno.NotDirectory
        ? new FileException(FileError.Failed, $"'{VirtualPath.PrivateFolder}' in the shared folder is a link or a file, and not the server's own folder.")
        : Errno.Refusal(result);
}
