using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Dialtone.Commands;

/// <summary>
/// A record of what was run, as lines of JSON: one flushed before a command starts, one when it has ended, one for each refusal. Where it cannot be
/// written, nothing is run.
/// </summary>
public sealed class CommandAudit : IDisposable
{
    private const int MaxWordBytes = 4096;   // of all words of a command together
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();     // one line at a time

    /// <summary>Writes to a stream, which is disposed with this.</summary>
    /// <param name="stream">Flushed after every line.</param>
    /// <param name="time">Dates the lines. Default the system's clock.</param>
    public CommandAudit(Stream stream, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (_stream, _time) = (stream, time ?? TimeProvider.System);
    }

    /// <summary>Appends to a file, made for its owner alone when it is missing.</summary>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static CommandAudit OpenFile(string path, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new CommandAudit(new FileStream(path, options), time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandError.NotAudited, $"The audit log {path} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose() => _stream.Dispose();

    internal void Started(string run, CommandCaller caller, string rule, CommandStart start) => Write("start", run, caller, json =>
    {
        json.WriteString("rule"u8, rule);
        json.WriteString("program"u8, Cut(start.Program));
        WriteWords(json, start.Arguments);
        json.WriteString("folder"u8, Cut(start.Folder));
        if (start.Terminal is not null)
            json.WriteBoolean("terminal"u8, true);
    });

    internal void Refused(CommandCaller caller, CommandRequest request, CommandError error, string message) => Write("refused", null, caller, json =>
    {
        json.WriteString("code"u8, ErrorCodes.Of(error));
        json.WriteString("message"u8, Cut(message));
        if (request.Line is { } line)
            json.WriteString("line"u8, Cut(line));
        else
            WriteWords(json, request.Command);
    });

    internal void NotStarted(string run, CommandCaller caller, CommandException error) => Write("end", run, caller, json =>
    {
        json.WriteString("reason"u8, "not-started");
        json.WriteString("code"u8, ErrorCodes.Of(error.Reason));
        json.WriteString("message"u8, Cut(error.Message));
    });

    internal void Ended(string run, CommandCaller caller, CommandReport report) => Write("end", run, caller, json =>
    {
        json.WriteString("reason"u8, ErrorCodes.Of(report.Reason));
        if (report.Status is { } status)
            json.WriteNumber("status"u8, status);
        if (report.Signal is { } signal)
            json.WriteString("signal"u8, signal);
        json.WriteNumber("stdoutBytes"u8, report.Output.Bytes);
        json.WriteNumber("stderrBytes"u8, report.Error.Bytes);
        json.WriteNumber("seconds"u8, Math.Round(report.Duration.TotalSeconds, 3));
        json.WriteNumber("cpuSeconds"u8, Math.Round(report.CpuTime.TotalSeconds, 3));
        if (report.LeftProcessesBehind)
            json.WriteBoolean("leftProcessesBehind"u8, true);
    });

    private void Write(string what, string? run, CommandCaller caller, Action<Utf8JsonWriter> rest)
    {
        using var line = new MemoryStream();
        // The default encoder escapes everything but plain ASCII: no line of ours moves a cursor or hides another.
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("event"u8, what);
            if (run is not null)
                json.WriteString("run"u8, run);
            if (caller.User is { } user)
                json.WriteString("user"u8, user);
            if (caller.From is { } from)
                json.WriteString("from"u8, from);
            rest(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        try
        {
            lock (_gate)
            {
                _stream.Write(line.GetBuffer(), 0, (int)line.Length);
                _stream.Flush();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandError.NotAudited, "The audit log cannot be written.", e);
        }
    }

    /// <summary>The words; those beyond the bound are left out, and a digest of all of them stands in.</summary>
    private static void WriteWords(Utf8JsonWriter json, IReadOnlyList<string> words)
    {
        int left = MaxWordBytes;
        bool isCut = false;
        json.WriteStartArray("arguments"u8);
        foreach (string word in words)
        {
            isCut |= word.Length > left;
            if (isCut)
                break;
            json.WriteStringValue(word);
            left -= Math.Max(1, word.Length);
        }

        json.WriteEndArray();
        if (!isCut)
            return;
        json.WriteNumber("argumentCount"u8, words.Count);
        json.WriteString("argumentsSha256"u8, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', words)))));
    }

    private static string Cut(string text) => text.Length <= MaxWordBytes ? text : text[..MaxWordBytes] + "…";
}
