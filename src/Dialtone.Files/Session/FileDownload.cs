using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A file on its way out: one version of it, whole, whatever is published over it meanwhile. Disposing it writes the audit record.</summary>
public sealed class FileDownload : IAsyncDisposable
{
    private readonly FileSession _session;
    private readonly IStoredFile _file;
    private readonly VirtualPath _path;
    private readonly long _started;
    private long _sent;
    private uint? _crc;
    private ReadOnlyMemory<byte> _sha256;
    private FileError? _error;
    private bool _isDisposed;

    internal FileDownload(FileSession session, IStoredFile file, VirtualPath path, long started) =>
        (_session, _file, _path, _started) = (session, file, path, started);

    /// <summary>What it was when it was opened.</summary>
    public FileEntry Entry => _file.Entry;

    /// <summary>The open file for sends in the kernel; null where the store has no such thing.</summary>
    public SafeFileHandle? Handle => _file.Handle;

    internal IStoredFile File => _file;

    /// <summary>Reads at an offset: the count, 0 only at or beyond the end.</summary>
    /// <exception cref="FileException">The disk failed, or the account may not log in any more.</exception>
    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _session.CheckStillWelcome();
        return _file.ReadAsync(offset, buffer, cancellationToken);
    }

    /// <summary>So many bytes more have left.</summary>
    public void Sent(long bytes) => _sent += bytes;

    /// <summary>All has left, with these digests; for the record.</summary>
    public void Finished(uint? crc32C = null, ReadOnlyMemory<byte> sha256 = default) => (_crc, _sha256) = (crc32C, sha256);

    /// <summary>It could not be sent as it was asked for; for the record.</summary>
    public void Failed(FileError reason) => _error ??= reason;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return default;
        _isDisposed = true;
        _file.Dispose();
        _session.EndTransfer();
        _session.Record(new AuditRecord
        {
            Event = AuditEvent.Download,
            Error = _error,
            Path = _path,
            Bytes = _sent,
            Crc32C = _crc,
            Sha256 = _sha256,
            Duration = _session.Time.GetElapsedTime(_started),
        });
        return default;
    }
}
