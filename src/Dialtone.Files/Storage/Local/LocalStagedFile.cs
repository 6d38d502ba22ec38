using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A file in the staging folder. One caller at a time works on it; publishing takes it over.</summary>
internal sealed class LocalStagedFile : IStagedFile
{
    /// <summary>Smaller content is not given room in advance: its first write, which comes at once, finds a full disk as well, and for less.</summary>
    internal const int ReserveFrom = 64 * 1024;

    // Long content goes to the disk while it comes, in steps of this, so that little is left for the sync at its end: half the time on a disk as fast as the line.
    private const int WriteBackBytes = 8 * 1024 * 1024;

    private const int CopyBytes = 128 * 1024;
    private const long KernelCopyBytes = 64 * 1024 * 1024; // between two looks at the token

    private readonly LocalShare _share;
    private readonly byte[] _record;
    private readonly Lock _gate = new();
    private long _length;
    private long _reserved;
    private long _writtenBack; // up to here the disk was told to begin
    private State _state; // under _gate

    internal LocalStagedFile(LocalShare share, string id, byte[] name, SafeFileHandle file, byte[] record, long length)
    {
        _share = share;
        Id = id;
        Name = name;
        File = file;
        _record = record;
        _length = length;
    }

    private enum State
    {
        Open,
        Publishing,
        LeftWhilePublishing, // disposed by its owner, still with the committer
        Closed,
    }

    public string Id { get; }

    public long Length => _length;

    public ReadOnlyMemory<byte> Record => _record;

    /// <summary>Its name in the staging folder, with its NUL.</summary>
    internal byte[] Name { get; }

    internal SafeFileHandle File { get; }

    internal LocalShare Share => _share;

    internal bool IsKept => _record.Length > 0;

    public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Begin(cancellationToken);
        Write(content.Span);
        return default;
    }

    public async ValueTask AppendAsync(IStoredFile source, long offset, long count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Begin(cancellationToken);
        long copied = source is LocalStoredFile { Handle: { } file } ? CopyInKernel(file, offset, count, cancellationToken) : 0;
        if (copied == count)
            return;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            while (copied < count)
            {
                Memory<byte> part = buffer.AsMemory(0, (int)Math.Min(CopyBytes, count - copied));
                int read = await source.ReadAsync(offset + copied, part, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    throw Refusals.Changed;
                Begin(cancellationToken);
                Write(part.Span[..read]);
                copied += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ValueTask AppendHoleAsync(long count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Begin(cancellationToken);
        AppendHole(count);
        return default;
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Begin(cancellationToken);
        if (offset >= _length)
            return new ValueTask<int>(0);
        Span<byte> part = buffer.Span[..(int)Math.Min(buffer.Length, _length - offset)];
        return new ValueTask<int>(LocalStoredFile.Read(_share.Calls, File, part, offset));
    }

    public ValueTask TruncateAsync(long length, CancellationToken cancellationToken)
    {
        Begin(cancellationToken);
        if (length < 0 || length > _length)
            throw Refusals.BadRange;
        Errno.Check(_share.Calls.Truncate(File, length));
        (_length, _reserved, _writtenBack) = (length, Math.Min(_reserved, length), Math.Min(_writtenBack, length));
        return default;
    }

    public ValueTask DiscardAsync()
    {
        Discard();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_state == State.Publishing)
                _state = State.LeftWhilePublishing;
            if (_state != State.Open)
                return default;
            Close(keep: IsKept);
        }

        return default;
    }

    /// <summary>Takes the room it will need, where the disk can.</summary>
    internal void Reserve(long size)
    {
        if (size < ReserveFrom)
            return;
        int result;
        do
            result = _share.Calls.Allocate(File, FileCalls.KeepSize, 0, size);
        while (result == -Errno.Interrupted);
        if (result is -Errno.NotSupported or -Errno.NoSystemCall)
            return;
        Errno.Check(result);
        _reserved = size;
    }

    internal void Discard()
    {
        lock (_gate)
        {
            if (_state == State.Open)
                Close(keep: false);
        }
    }

    /// <summary>Makes it ready to be seen: time, permissions, no room beyond its end. Then it is the committer's.</summary>
    /// <returns>What will stand there.</returns>
    internal FileEntry HandOver(string name, PublishOptions options)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_state != State.Open, this);
            _state = State.Publishing;
        }

        FileCalls calls = _share.Calls;
        if (_length < _reserved)
            Errno.Check(calls.Truncate(File, _length));
        Errno.Check(calls.Stat(File, NativeName.Itself, out FileStatus status));
        UnixFileMode mode = options.Permissions & Refusals.Permissions ?? status.Mode;
        if (mode != status.Mode)
            Errno.Check(calls.SetMode(File, mode));
        if (options.Modified is { } modified)
            Errno.Check(calls.SetModified(File, FileTime.From(modified)));
        return status.Describe(name) with { Mode = mode, Modified = options.Modified?.ToUniversalTime() ?? status.Modified.ToDateTimeOffset() };
    }

    /// <summary>It stands under its new name.</summary>
    internal void Published()
    {
        lock (_gate)
        {
            File.Dispose();
            if (IsKept)
                _share.Staging.RemoveRecord(Id);
            _share.Staging.LetGo(Id);
            _state = State.Closed;
        }
    }

    /// <summary>It was not published: its owner has it again if it can be continued, otherwise it is gone.</summary>
    /// <param name="contentIsLost">Whether the disk failed to keep what was written: none of it can be trusted then.</param>
    internal void NotPublished(bool contentIsLost)
    {
        lock (_gate)
        {
            if (IsKept && contentIsLost)
            {
                _ = _share.Calls.Truncate(File, 0);
                (_length, _reserved, _writtenBack) = (0, 0, 0);
            }

            if (!IsKept || _state == State.LeftWhilePublishing)
                Close(keep: IsKept);
            else
                _state = State.Open;
        }
    }

    private void Begin(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            ObjectDisposedException.ThrowIf(_state != State.Open, this);
    }

    private void Write(ReadOnlySpan<byte> content)
    {
        Staging.WriteAll(_share.Calls, File, content, _length);
        _length += content.Length;
        StartWriteBack();
    }

    private void StartWriteBack()
    {
        long count = _length - _writtenBack;
        if (count < WriteBackBytes)
            return;
        _ = _share.Calls.StartSync(File, _writtenBack, count);
        _writtenBack = _length;
    }

    // How much the kernel copied by itself; the rest goes through memory.
    private long CopyInKernel(SafeFileHandle source, long offset, long count, CancellationToken cancellationToken)
    {
        long copied = 0, contentEnd = 0; // of the run that is being copied
        while (copied < count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long at = offset + copied;
            if (at >= contentEnd && HoleAt(source, at, offset + count, out contentEnd) is > 0 and var hole)
            {
                AppendHole(hole);
                copied += hole;
                continue;
            }

            long result = _share.Calls.Copy(source, at, File, _length, Math.Min(contentEnd - at, KernelCopyBytes));
            if (result == -Errno.Interrupted)
                continue;
            if (result is -Errno.NoSpace or -Errno.Quota or -Errno.Io or -Errno.ReadOnlyDisk)
                throw Errno.Refusal(result);
            if (result <= 0)
                return copied; // it cannot, or the source ends here: reading will tell
            copied += result;
            _length += result;
            StartWriteBack();
        }

        return copied;
    }

    /// <summary>How long the hole is that begins somewhere in a file, or 0; and then how far the content goes. All is content where the disk cannot tell.</summary>
    private long HoleAt(SafeFileHandle source, long at, long end, out long contentEnd)
    {
        FileCalls calls = _share.Calls;
        contentEnd = at;
        long content = calls.SeekData(source, at);
        if (content == -Errno.NoDevice && calls.Stat(source, NativeName.Itself, out FileStatus status) == 0)
            return Math.Max(0, Math.Min(status.Size, end) - at); // no content from here on: a hole up to the end, which may have come nearer
        if (content > at)
            return Math.Min(content, end) - at;
        long hole = calls.SeekHole(source, at);
        contentEnd = hole > at ? Math.Min(hole, end) : end;
        return 0;
    }

    private void AppendHole(long count)
    {
        long end = checked(_length + count);
        Errno.Check(_share.Calls.Truncate(File, end));
        if (_length < _reserved) // after the file is that long: beyond its end there is nothing to punch
            _ = _share.Calls.Allocate(File, FileCalls.PunchHole | FileCalls.KeepSize, _length, count); // a disk without holes keeps zeros
        _length = end;
    }

    private void Close(bool keep)
    {
        _state = State.Closed;
        File.Dispose();
        if (!keep)
            _share.Staging.Remove(Id, IsKept);
        _share.Staging.LetGo(Id);
    }
}
