using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Files;

/// <summary>Who did what: JSON lines in a file, in order, each whole. Safe for many threads.</summary>
/// <remarks>
/// A record is formatted into a buffer by whoever has it, and written with many others by one writer. Everything but printable ASCII is escaped as JSON
/// does (<c>\u001b</c>), so that no name can begin a line of its own or speak to a terminal.
/// </remarks>
public sealed class AuditLog : IAsyncDisposable
{
    /// <summary>The longest text of a record, in characters; what is longer ends in <c>…</c>.</summary>
    public const int MaxTextLength = 1024;

    private readonly Lock _gate = new();
    private readonly AuditOptions _options;
    private readonly TimeProvider _time;
    private readonly AuditFile _file;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Task _writer;
    private readonly Utf8JsonWriter _json;                          // under _gate, as all below
    private ArrayBufferWriter<byte> _filling = new(16 * 1024);
    private ArrayBufferWriter<byte> _writing = new(16 * 1024);      // the writer's while it writes
    private long _fillingRecords;
    private long _fillingTold;                                      // how many lost records the buffer tells of
    private long _lost;
    private long _lostToTell;
    private long _refusalSecond;
    private int _refusals;
    private long _suppressed;
    private bool _isAwake;
    private bool _isClosed;
    private TaskCompletionSource? _flushed;

    private AuditLog(AuditFile file, AuditOptions options, TimeProvider time)
    {
        (_file, _options, _time) = (file, options, time);
        _json = new Utf8JsonWriter(_filling, new JsonWriterOptions { SkipValidation = true });
        _writer = WriteAsync();
    }

    /// <summary>Records that were not written since the log was opened.</summary>
    public long Lost
    {
        get
        {
            lock (_gate)
                return _lost;
        }
    }

    /// <summary>Whether nobody is to be served because records cannot be written; see <see cref="AuditOptions.IsRequired"/>.</summary>
    public bool IsFailing => _options.IsRequired && _file.HasFailed;

    /// <summary>Opens a log to add to it; makes it, for its owner to write and its group to read, if it is missing.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static AuditLog Open(string path, AuditOptions? options = null, TimeProvider? time = null, ILogger? logger = null) =>
        new(new AuditFile(path, logger ?? NullLogger.Instance), options ?? new AuditOptions(), time ?? TimeProvider.System);

    /// <summary>Adds a record. Never waits and never fails: what finds no room is counted in <see cref="Lost"/>.</summary>
    public void Write(in AuditRecord record)
    {
        bool wake;
        lock (_gate)
        {
            if (_isClosed || !IsWanted(record))
                return;
            if (_filling.WrittenCount >= _options.MaxWaitingBytes)
            {
                _lost++;
                _lostToTell++;
                return;
            }

            if (_lostToTell > 0)
                TellLost();
            Format(record, 0);
            _fillingRecords++;
            wake = !_isAwake;
            _isAwake = true;
        }

        if (wake)
            _wake.Release();
    }

    /// <summary>Completes once everything added before is written, or lost.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (_isClosed)
                return _writer;
            _flushed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _wake.Release();
            return _flushed.Task;
        }
    }

    /// <summary>Closes the file and opens its path again before the next record: after something else has moved it away.</summary>
    public void Reopen() => _file.ReopenNext();

    /// <summary>Writes what waits, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _wake.Release();
            }
        }

        await _writer.ConfigureAwait(false);
    }

    private static long Take(ref long count)
    {
        long taken = count;
        count = 0;
        return taken;
    }

    // A flood of refused callers must not fill the disk; whoever is served leaves every record.
    private bool IsWanted(in AuditRecord record)
    {
        if (record.Error is null || record.Event is not (AuditEvent.Login or AuditEvent.Look))
            return true;
        long second = _time.GetTimestamp() / _time.TimestampFrequency;
        if (second != _refusalSecond)
            (_refusalSecond, _refusals) = (second, 0);
        if (_refusals++ < _options.MaxRefusalsPerSecond)
            return true;
        _suppressed++;
        return false;
    }

    private void TellLost()
    {
        long lost = Take(ref _lostToTell);
        Format(new AuditRecord { Event = AuditEvent.Lost }, lost);
        _fillingTold += lost;
    }

    private void Format(in AuditRecord record, long count)
    {
        _json.WriteStartObject();
        _json.WriteString("time"u8, _time.GetUtcNow());
        _json.WriteString("event"u8, AuditText.Of(record.Event));
        if (record.Event == AuditEvent.Lost)
            _json.WriteNumber("records"u8, count);
        else
            _json.WriteString("outcome"u8, record.Error is { } error ? AuditText.Of(error) : "ok"u8);
        Text("user"u8, record.User);
        Text("from"u8, record.From);
        Text("tongue"u8, record.Tongue);
        if (record.Path is not null)
            _json.WriteString("path"u8, record.Path.ToString()); // bounded where it was built
        if (record.To is not null)
            _json.WriteString("to"u8, record.To.ToString());
        if (record.Bytes is { } bytes)
            _json.WriteNumber("bytes"u8, bytes);
        if (record.Crc32C is { } crc)
            _json.WriteString("crc32c"u8, Crc32C.ToText(crc));
        if (!record.Sha256.IsEmpty)
            _json.WriteString("sha256"u8, Convert.ToHexStringLower(record.Sha256.Span));
        if (record.Duration is { } duration)
            _json.WriteNumber("ms"u8, Math.Round(duration.TotalMilliseconds, 3));
        Text("note"u8, record.Note);
        if (record.Error is not null && _suppressed > 0)
            _json.WriteNumber("suppressed"u8, Take(ref _suppressed));
        _json.WriteEndObject();
        _json.Flush();
        _filling.GetSpan(1)[0] = (byte)'\n';
        _filling.Advance(1);
        _json.Reset(_filling);
    }

    private void Text(ReadOnlySpan<byte> name, string? text)
    {
        if (text is null)
            return;
        if (text.Length > MaxTextLength)
        {
            int end = char.IsHighSurrogate(text[MaxTextLength - 1]) ? MaxTextLength - 1 : MaxTextLength;
            text = string.Concat(text.AsSpan(0, end), "…");
        }

        _json.WriteString(name, text);
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            await _wake.WaitAsync().ConfigureAwait(false);
            TaskCompletionSource? flushed;
            bool isLast;
            long records;
            long told;
            lock (_gate)
            {
                (_filling, _writing) = (_writing, _filling);
                _json.Reset(_filling);
                (records, told) = (Take(ref _fillingRecords), Take(ref _fillingTold));
                (flushed, _flushed) = (_flushed, null);
                (isLast, _isAwake) = (_isClosed, records > 0);
            }

            if (records > 0 && !_file.TryWrite(_writing.WrittenSpan))
            {
                lock (_gate)
                {
                    _lost += records;
                    _lostToTell += records + told;
                }
            }

            _writing.ResetWrittenCount();
            flushed?.TrySetResult();
            if (isLast)
                break;
            if (records > 0)
                await GatherAsync().ConfigureAwait(false);
        }

        _file.Dispose();
    }

    // After a write the next one waits a little, and takes all that has come in between. Whoever flushes or closes does not wait.
    private async Task GatherAsync()
    {
        using var enough = new CancellationTokenSource(_options.Gather, _time);
        try
        {
            await _wake.WaitAsync(enough.Token).ConfigureAwait(false);
            _wake.Release();
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                _isAwake = _fillingRecords > 0;
                if (_isAwake)
                    _wake.Release();
            }
        }
    }
}
