using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>A command that runs on a server. Read both streams, each at its own pace: one that is not read stops the command, not the other stream.</summary>
public sealed class RemoteCommand : IAsyncDisposable
{
    private readonly FrameWriter _writer;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CommandReport> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly StreamCredit _credit = new(CommandFrame.InputCredit);
    private readonly ReceivedStream _output;
    private readonly ReceivedStream _error;
    private int _isInputOver;

    internal RemoteCommand(int id, FrameWriter writer, bool isKept)
    {
        (Id, _writer, IsKept) = (id, writer, isKept);
        _output = new ReceivedStream(count => TrySendAsync(new CommandFrame { Type = CommandFrame.Credit, Id = id, StdoutCredit = count }));
        _error = new ReceivedStream(count => TrySendAsync(new CommandFrame { Type = CommandFrame.Credit, Id = id, StderrCredit = count }));
        Input = new SentStream(this);
        _ = _ended.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The server's name for the run, which its audit log has too.</summary>
    public string RunId { get; private set; } = "";

    /// <summary>The rule that allowed it.</summary>
    public string Rule { get; private set; } = "";

    /// <summary>What it reads; disposing it is the end of its input. A write after the command's end throws <see cref="IOException"/>.</summary>
    public Stream Input { get; }

    /// <summary>What it writes to standard output; with a terminal, everything.</summary>
    public Stream Output => _output;

    /// <summary>What it writes to standard error.</summary>
    public Stream Error => _error;

    /// <summary>Completes with the report when the command has ended and all of its output has arrived, read or not.</summary>
    /// <remarks>Fails with a <see cref="CommandException"/> when the end is not known, or the output is not what the command wrote.</remarks>
    public Task<CommandReport> Ended => _ended.Task;

    /// <summary>Whether the server keeps it: it goes on when this connection ends, or this object is disposed.</summary>
    public bool IsKept { get; }

    internal int Id { get; }

    internal Task Started => _started.Task;

    /// <summary>Passes its standard output on to its end, on the thread that receives it: instead of reading <see cref="Output"/>, and faster.</summary>
    /// <param name="destination">Its <c>WriteAsync</c> never holds its caller up: while that waits, neither stream arrives.</param>
    /// <exception cref="IOException">The destination takes no more.</exception>
    public Task PassOutputAsync(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return _output.PassToAsync(destination);
    }

    /// <summary>Sends a signal to all its processes.</summary>
    /// <param name="signal">The name without SIG: HUP, INT, QUIT, KILL, USR1, USR2, TERM, CONT, STOP, TSTP or WINCH.</param>
    public Task SignalAsync(string signal) => TrySendAsync(new CommandFrame { Type = CommandFrame.Signal, Id = Id, SignalName = signal });

    /// <summary>Tells its terminal a new size.</summary>
    public Task ResizeAsync(TerminalSize size) => TrySendAsync(new CommandFrame { Type = CommandFrame.Window, Id = Id, Terminal = new TerminalFrame(size.Columns, size.Rows, null) });

    /// <summary>Ends it with all its processes; <see cref="Ended"/> tells when that is done.</summary>
    public Task CancelAsync() => TrySendAsync(new CommandFrame { Type = CommandFrame.Cancel, Id = Id });

    /// <summary>Tells it that nothing more will come to read.</summary>
    public Task FinishInputAsync() => Interlocked.Exchange(ref _isInputOver, 1) == 0
        ? TrySendAsync(new CommandFrame { Type = CommandFrame.Stdin, Id = Id, End = true })
        : Task.CompletedTask;

    /// <summary>Cancels it if it still runs and is not kept, and drops what is unread.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!IsKept && !_ended.Task.IsCompleted)
            await CancelAsync().ConfigureAwait(false);
        await _output.DisposeAsync().ConfigureAwait(false);
        await _error.DisposeAsync().ConfigureAwait(false);
    }

    internal async ValueTask TakeOutputAsync(CommandFrame frame, Stream body) =>
        await (frame.Type == CommandFrame.Stdout ? _output : _error).TakeAsync(body, frame.Size).ConfigureAwait(false);

    internal void Start(CommandFrame frame)
    {
        (RunId, Rule) = (frame.RunId ?? "", frame.Rule ?? "");
        _started.TrySetResult();
    }

    internal void AddCredit(int bytes) => _credit.Add(bytes);

    internal void End(CommandReport report)
    {
        if (_output.Report != report.Output || _error.Report != report.Error)
        {
            Fail(new CommandException(CommandError.OutputDiffers, "What arrived is not what the command wrote: the counts or checksums differ."));
            return;
        }

        _output.End(null);
        _error.End(null);
        _ended.TrySetResult(report);
        _over.Cancel();
    }

    internal void Fail(CommandException why)
    {
        _started.TrySetException(why);
        _output.End(why);
        _error.End(why);
        _ended.TrySetException(why);
        _over.Cancel();
    }

    internal async ValueTask SendInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
            int count = await _credit.TakeAsync(Math.Min(bytes.Length, _writer.MaxPieceBytes), either.Token).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (count == 0 || _over.IsCancellationRequested)
                throw new IOException("The command has ended, and reads no more.");
            await _writer.SendAsync(new CommandFrame { Type = CommandFrame.Stdin, Id = Id, Size = count }, bytes[..count]).ConfigureAwait(false);
            bytes = bytes[count..];
        }
    }

    private async Task TrySendAsync(CommandFrame frame)
    {
        try
        {
            if (!_over.IsCancellationRequested)
                await _writer.PostAsync(frame).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // Whoever waits for the command's end hears of it.
        }
    }
}
