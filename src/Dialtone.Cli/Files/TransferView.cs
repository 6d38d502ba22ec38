using System.Globalization;
using System.Text;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>
/// What people and machines see of a transfer: a line that moves while it takes longer than a second, what failed, and a summary. On a terminal only;
/// with <c>--json</c> a line of JSON for each on standard output.
/// </summary>
internal sealed class TransferView : IProgress<TransferProgress>, IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(125);
    private static readonly TimeSpan JsonFrame = TimeSpan.FromSeconds(1);

    /// <summary>Cells that stay free: a terminal writes ^C where the cursor is, and must not break the line.</summary>
    private const int BesidesLine = 3;

    private readonly bool _isJson;
    private readonly bool _isInteractive;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly RateMeter _rate;
    private readonly ITimer? _timer;
    private readonly Lock _gate = new();
    private TransferProgress _now;      // of the operation under way; all below under _gate
    private long _doneBytes;            // by operations before it
    private int _doneFiles;
    private long? _dueBytes = 0;        // by operations after it; null where nobody knows
    private int? _dueFiles = 0;
    private int _shownCells;
    private int _shownWidth;
    private bool _isClosed;
    private bool _hasLocal;  // failures of this machine's
    private bool _hasRemote; // and others
    private string? _advice; // on all of them

    /// <summary>Begins a transfer now.</summary>
    /// <param name="isJson">Whether to speak in JSON.</param>
    /// <param name="isQuiet">Whether to say nothing but what failed, as where content goes to standard output.</param>
    /// <param name="time">The clock.</param>
    public TransferView(bool isJson, bool isQuiet, TimeProvider time)
    {
        (_isJson, _time, _start) = (isJson, time, time.GetTimestamp());
        _isInteractive = !isJson && !isQuiet && Terminal.OutputIsInteractive && Terminal.ErrorIsInteractive;
        _rate = new RateMeter(time);
        if (_isInteractive || isJson)
            _timer = time.CreateTimer(_ => Tick(), null, Quiet, isJson ? JsonFrame : Frame);
    }

    /// <summary>What could not be done.</summary>
    public int Failures { get; private set; }

    public int Files { get; set; }

    public int Skipped { get; set; }

    public int Deleted { get; set; }

    public long Bytes { get; set; }

    public bool IsDryRun { get; init; }

    public void Report(TransferProgress value)
    {
        lock (_gate)
            _now = value;
    }

    /// <summary>Begins the next operation of several.</summary>
    /// <param name="bytesAfter">Content of those that follow it, where known.</param>
    /// <param name="filesAfter">How many files those are, where known.</param>
    public void Next(long? bytesAfter, int? filesAfter)
    {
        lock (_gate)
        {
            (_doneBytes, _doneFiles) = (_doneBytes + _now.Bytes, _doneFiles + _now.FilesDone);
            (_dueBytes, _dueFiles) = (bytesAfter, filesAfter);
            _now = default;
        }
    }

    /// <summary>For what reports only bytes.</summary>
    /// <param name="name">What is moved.</param>
    /// <param name="size">Its length, where known.</param>
    public IProgress<long> Bytewise(string name, long? size) => new ByteProgress(this, name, size);

    /// <summary>Does one of several things; what is refused or fails on a disk is told, and the rest goes on.</summary>
    public async Task TryAsync(string place, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (e is FileException { Reason: not (FileError.LoginRequired or FileError.LoginFailed) } or IOException or UnauthorizedAccessException
            or CliException { Code: ExitCode.Files or ExitCode.Failed })
        {
            Fail(place, e);
        }
    }

    /// <summary>Tells what could not be done; all the rest still is.</summary>
    public void Fail(string place, Exception error)
    {
        (string code, string message) = Failure.Describe(error);
        bool isLocal = Failure.IsLocal(error);
        string? advice = Failure.Explain(error)?.Advice;
        lock (_gate)
        {
            Failures++;
            Hide();
            if (_isJson)
                JsonLine.Write(json =>
                {
                    json.WriteString("type"u8, "failure");
                    json.WriteString("path"u8, place);
                    json.WriteString("error"u8, code);
                    json.WriteString("message"u8, message);
                });
            else
                Terminal.Say($"dialtone: {Printable.Of(place)}: {message}");
            _hasLocal |= isLocal;
            _hasRemote |= !isLocal;
            _advice = Failures == 1 || advice == _advice ? advice : null; // one for all of them, or none
        }
    }

    /// <summary>Writes a line of JSON where JSON is spoken, or else a line of text.</summary>
    public void Say(string? text, Action<System.Text.Json.Utf8JsonWriter> fields)
    {
        lock (_gate)
        {
            Hide();
            if (_isJson)
                JsonLine.Write(fields);
            else if (text is not null)
                Terminal.Out.WriteLine(text);
        }
    }

    /// <summary>Adds up what came of moving a tree.</summary>
    public void Add(TreeReport report, string label)
    {
        Files += report.Files;
        Skipped += report.Skipped;
        Deleted += report.Deleted;
        Bytes += report.Bytes;
        foreach (string line in report.Plan)
        {
            Say($"{(line.StartsWith('-') ? "remove" : "send  ")} {Terminal.Name(line.TrimStart('-'))}", json =>
            {
                json.WriteString("type"u8, line.StartsWith('-') ? "remove" : "send");
                json.WriteString("path"u8, line.TrimStart('-'));
            });
        }

        foreach (TreeFailure failure in report.Failures)
            Fail($"{label}{failure.Path}", failure.Error);
    }

    /// <summary>Says how it ended.</summary>
    public ExitCode Finish()
    {
        Close();
        double seconds = _time.GetElapsedTime(_start).TotalSeconds;
        if (_isJson)
        {
            JsonLine.Write(json =>
            {
                json.WriteString("type"u8, "summary");
                json.WriteNumber("files"u8, Files);
                json.WriteNumber("skipped"u8, Skipped);
                json.WriteNumber("deleted"u8, Deleted);
                json.WriteNumber("bytes"u8, Bytes);
                json.WriteNumber("failures"u8, Failures);
                json.WriteNumber("seconds"u8, Math.Round(seconds, 3));
                json.WriteBoolean("dry_run"u8, IsDryRun);
            });
        }
        else
        {
            if (_advice is not null)
                Terminal.Advise(_advice);
            if (_isInteractive)
                Terminal.Error.WriteLine(Summary(seconds));
        }

        return Failures == 0 ? ExitCode.Done
            : _hasLocal && !_hasRemote && Files + Skipped + Deleted == 0 ? ExitCode.Files
            : ExitCode.Failed;
    }

    /// <summary>Takes the moving line away.</summary>
    public void Close()
    {
        _timer?.Dispose();
        lock (_gate)
        {
            Hide();
            _isClosed = true;
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return default;
    }

    private string Summary(double seconds)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Files} {(Files == 1 ? "file" : "files")}, {ByteSize.Format(Bytes)}");
        text.Append(IsDryRun ? " would travel" : string.Create(CultureInfo.InvariantCulture, $" in {Duration(seconds)}"));
        if (!IsDryRun && Bytes > 0 && seconds > 0)
            text.Append(CultureInfo.InvariantCulture, $" ({ByteSize.Format(Bytes / seconds)}/s)");
        if (Skipped > 0)
            text.Append(CultureInfo.InvariantCulture, $", {Skipped} the same on both sides");
        if (Deleted > 0)
            text.Append(CultureInfo.InvariantCulture, $", {Deleted} {(IsDryRun ? "would be removed" : "removed")}");
        if (Failures > 0)
            text.Append(CultureInfo.InvariantCulture, $", {Failures} failed");
        return text.ToString();
    }

    private static string Duration(double seconds) => seconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s")
        : ProgressLine.Time(seconds);

    private void Tick()
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            long bytes = _doneBytes + _now.Bytes;
            var line = new ProgressLine
            {
                Name = _now.Current ?? "",
                Bytes = bytes,
                TotalBytes = _doneBytes + _now.TotalBytes + _dueBytes,
                Files = _doneFiles + _now.FilesDone,
                TotalFiles = _doneFiles + _now.FilesTotal + _dueFiles,
                Rate = _rate.Add(bytes),
            };
            if (_isJson)
                line.WriteJson();
            else
                Show(line);
        }
    }

    private void Show(ProgressLine line)
    {
        int width = TerminalWindow.Width;
        string text = line.Render(width - BesidesLine);
        string back = Back(width);
        Terminal.Error.Write($"{back}{text}\e[K");
        (_shownCells, _shownWidth) = (Cells.Of(text), width);
    }

    private void Hide()
    {
        if (_shownCells == 0)
            return;
        Terminal.Error.Write($"{Back(TerminalWindow.Width)}\e[J");
        _shownCells = 0;
    }

    /// <summary>Goes to the beginning of the line that is shown, which a terminal that became narrower has broken into several.</summary>
    private string Back(int width)
    {
        int rows = width < _shownWidth ? (_shownCells - 1) / Math.Max(1, width) : 0;
        return rows > 0 ? $"\r\e[{rows}A\e[J" : "\r";
    }

    private sealed class ByteProgress(TransferView view, string name, long? size) : IProgress<long>
    {
        public void Report(long value) => view.Report(new TransferProgress(value, size, 0, 1, name));
    }
}
