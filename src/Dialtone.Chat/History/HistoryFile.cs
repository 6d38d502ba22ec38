using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Chat;

/// <summary>
/// What was said, as lines of JSON: appended in the order it came, by a thread of the pool, so that nobody waits for the disk. At a size it becomes FILE.1.
/// </summary>
internal sealed class HistoryFile : IAsyncDisposable, IThreadPoolWorkItem
{
    /// <summary>Bytes that may wait for the disk; what comes beyond is lost to the file, counted and logged.</summary>
    private const int MaxWaitingBytes = 4 * 1024 * 1024;

    private readonly string _path;
    private readonly long _maxBytes;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _filling = new(); // and below: under _gate
    private bool _isBusy;
    private bool _isClosed;
    private long _lost;
    private TaskCompletionSource? _idle;
    private ArrayBufferWriter<byte> _writing = new(); // and below: the writer's while _isBusy
    private FileStream? _file;
    private long _length;
    private bool _hasFailed;

    private HistoryFile(string path, long maxBytes, ILogger logger) => (_path, _maxBytes, _logger) = (path, maxBytes, logger);

    private SafeFileHandle Handle => _file!.SafeFileHandle;

    /// <summary>Opens or makes the file, for its owner alone, and reads back what it and FILE.1 hold. What a power cut left of a last line is cut off.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The size at which it becomes FILE.1.</param>
    /// <param name="logger">Told of what is lost.</param>
    /// <param name="read">Gets each line that was read.</param>
    /// <exception cref="ChatException">It cannot be opened.</exception>
    public static HistoryFile Open(string path, long maxBytes, ILogger logger, Action<ReadOnlySpan<byte>> read)
    {
        var history = new HistoryFile(path, maxBytes, logger);
        try
        {
            if (File.Exists(path + ".1"))
            {
                using SafeFileHandle older = File.OpenHandle(path + ".1");
                HistoryReader.ReadLines(older, read);
            }

            history.OpenFile();
            history._length = HistoryReader.ReadLines(history.Handle, read);
            RandomAccess.SetLength(history.Handle, history._length);
            return history;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            history._file?.Dispose();
            throw new ChatException(ChatError.FileUnusable, $"The history file {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Has a line written soon.</summary>
    public void Append(ReadOnlySpan<byte> json)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            if (_filling.WrittenCount + json.Length >= MaxWaitingBytes)
            {
                _lost++;
                return;
            }

            _filling.Write(json);
            _filling.Write("\n"u8);
            if (_isBusy)
                return;
            _isBusy = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Waits until what has come is written, or lost.</summary>
    public Task WrittenAsync()
    {
        lock (_gate)
        {
            if (!_isBusy)
                return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Writes what waits, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _isClosed = true;
        await WrittenAsync().ConfigureAwait(false);
        _file?.Dispose();
        _file = null;
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            long lost;
            lock (_gate)
            {
                (lost, _lost) = (_lost, 0);
                if (_filling.WrittenCount == 0)
                {
                    _isBusy = false;
                    _idle?.TrySetResult();
                    _idle = null;
                    return;
                }

                (_filling, _writing) = (_writing, _filling);
            }

            if (lost > 0)
                _logger.HistoryLost(lost);
            Write(_writing.WrittenSpan);
            _writing.ResetWrittenCount();
        }
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        try
        {
            if (_file is null)
                Reopen();
            if (_length > 0 && _length + lines.Length > _maxBytes)
                Rotate();
            RandomAccess.Write(Handle, lines, _length);
            _length += lines.Length;
            _hasFailed = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed)
                _logger.HistoryFailed(e);
            _hasFailed = true;
            _file?.Dispose(); // opened again, and what a full disk took of a line cut off, before the next write
            _file = null;
        }
    }

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        File.Move(_path, _path + ".1", overwrite: true);
        OpenFile();
        _length = 0;
    }

    private void Reopen()
    {
        OpenFile();
        _length = Math.Min(_length, RandomAccess.GetLength(Handle));
        RandomAccess.SetLength(Handle, _length);
    }

    private void OpenFile()
    {
        // Elsewhere than on Windows, only None keeps a second writer out, and it keeps no reader out.
        FileShare share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = PrivateFile.OwnerOnly;
        _file = new FileStream(_path, options);
    }
}
