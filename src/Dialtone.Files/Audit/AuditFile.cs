using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>The file of an audit log: whole records or none. The writer's alone, but for <see cref="ReopenNext"/> and <see cref="HasFailed"/>.</summary>
internal sealed class AuditFile : IDisposable
{
    private readonly string _path;
    private readonly ILogger _logger;
    private FileStream? _stream;
    private long _end;
    private volatile bool _reopen;
    private volatile bool _hasFailed;

    internal AuditFile(string path, ILogger logger)
    {
        (_path, _logger) = (path, logger);
        Open();
    }

    /// <summary>Whether the last write failed.</summary>
    internal bool HasFailed => _hasFailed;

    public void Dispose() => _stream?.Dispose();

    private SafeFileHandle? File => _stream?.SafeFileHandle;

    internal void ReopenNext() => _reopen = true;

    internal bool TryWrite(ReadOnlySpan<byte> records)
    {
        try
        {
            if (_reopen || _stream is null)
            {
                _reopen = false;
                _stream?.Dispose();
                Open();
            }

            RandomAccess.Write(File!, records, _end);
            _end += records.Length;
            _hasFailed = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed)
                _logger.AuditFailed(e);
            _hasFailed = true;
            Cut();
            return false;
        }
    }

    private void Open()
    {
        _stream = null;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        _stream = new FileStream(_path, options);
        _end = RandomAccess.GetLength(File!);
        MendLastLine();
    }

    // A crash may have left the beginning of a record: it becomes a line of its own.
    private void MendLastLine()
    {
        Span<byte> last = stackalloc byte[1];
        if (_end == 0 || RandomAccess.Read(File!, last, _end - 1) == 0 || last[0] == '\n')
            return;
        RandomAccess.Write(File!, "\n"u8, _end);
        _end++;
    }

    // What a full disk took of a record is taken back.
    private void Cut()
    {
        try
        {
            if (File is { } file)
                RandomAccess.SetLength(file, _end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _stream?.Dispose();
            _stream = null; // opened again, and mended, before the next write
        }
    }
}
