using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Dialtone.Chat;

/// <summary>
/// Who came, left, was refused, and what the operator did, as lines of JSON. What was said is not in it; the history has that. Safe for many threads.
/// </summary>
internal sealed class ChatAudit : IDisposable
{
    /// <summary>Refusals written in a second; those beyond are counted, and told of in the next one. A flood must not fill the disk.</summary>
    private const int MaxRefusalsPerSecond = 100;

    private readonly FileStream _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _began;
    private readonly Lock _gate = new();
    private readonly MemoryStream _line = new(); // and below: under _gate
    private readonly Utf8JsonWriter _json;
    private long _refusals;                      // see Rate
    private long _suppressed;

    /// <summary>Appends to a file, made for its owner alone when it is missing.</summary>
    /// <exception cref="ChatException">It cannot be opened.</exception>
    public ChatAudit(string path, TimeProvider time, ILogger logger)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = PrivateFile.OwnerOnly;
        try
        {
            _file = new FileStream(path, options);
            GoToEnd(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChatException(ChatError.FileUnusable, $"The audit file {path} cannot be opened: {e.Message}", e);
        }

        (_time, _logger, _began) = (time, logger, time.GetTimestamp());
        _json = new Utf8JsonWriter(_line); // its encoder escapes everything but plain ASCII
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _json.Dispose();
            _file.Dispose();
        }
    }

    public void Came(ChatParticipant who) => Write("join", who.Name, who.Account, who.Line);

    public void Left(ChatParticipant who) => Write("leave", who.Name, who.Account, who.Line);

    public void Entered(ChatParticipant who, string room) => Write("enter", who.Name, who.Account, who.Line, room: room);

    public void Exited(ChatParticipant who, string room) => Write("exit", who.Name, who.Account, who.Line, room: room);

    public void Renamed(ChatParticipant who, string before) => Write("rename", who.Name, who.Account, who.Line, about: before);

    public void Answered(ChatParticipant who, long messageId) => Write("answer", who.Name, who.Account, who.Line, messageId: messageId);

    /// <summary>The operator muted or blocked somebody, or took it back.</summary>
    public void Ruled(string what, string about) => Write(what, ChatHub.Operator, null, null, about: about);

    public void Refused(string name, string? account, IChatLine line, ChatError why, string? room = null)
    {
        long now = (long)_time.GetElapsedTime(_began).TotalMicroseconds;
        if (Rate.TryPay(ref _refusals, now, 1_000_000 / MaxRefusalsPerSecond, MaxRefusalsPerSecond))
            Write("refused", name, account, line, room: room, why: why);
        else
            Interlocked.Increment(ref _suppressed);
    }

    /// <summary>A crash may have left the beginning of a record: it becomes a line of its own.</summary>
    private static void GoToEnd(FileStream file)
    {
        if (file.Seek(0, SeekOrigin.End) == 0)
            return;
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n')
            file.WriteByte((byte)'\n');
    }

    private void Write(string what, string name, string? account, IChatLine? line, string? room = null, string? about = null, long? messageId = null, ChatError why = ChatError.None)
    {
        EndPoint? from = line?.Address;
        lock (_gate)
        {
            _line.SetLength(0);
            _json.Reset(_line);
            _json.WriteStartObject();
            _json.WriteString("time"u8, _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            _json.WriteString("event"u8, what);
            _json.WriteString("name"u8, name);
            if (account is not null)
                _json.WriteString("account"u8, account);
            if (from is not null)
                _json.WriteString("from"u8, from.ToString());
            if (line is not null)
                _json.WriteString("tongue"u8, line.Tongue switch { ChatTongue.Plain => "plain", ChatTongue.Line => "line", _ => "native" });
            if (room is not null)
                _json.WriteString("room"u8, room);
            if (about is not null)
                _json.WriteString("about"u8, about);
            if (messageId is { } id)
                _json.WriteNumber("message"u8, id);
            if (why != ChatError.None)
                _json.WriteString("code"u8, ChatErrorCodes.Of(why));
            if (why != ChatError.None && Interlocked.Exchange(ref _suppressed, 0) is > 0 and var suppressed)
                _json.WriteNumber("suppressed"u8, suppressed);
            _json.WriteEndObject();
            _json.Flush();
            _line.WriteByte((byte)'\n');
            try
            {
                _file.Write(_line.GetBuffer(), 0, (int)_line.Length);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                _logger.AuditFailed(e);
            }
        }
    }
}
