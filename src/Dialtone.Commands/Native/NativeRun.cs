using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>One command of a connection, the server's side.</summary>
internal sealed class NativeRun(CommandService service, FrameWriter writer, int id)
{
    private const int PiecesInARow = 32;
    private const int SmallPieceBytes = 16 * 1024;

    private readonly CancellationTokenSource _gone = new(); // nobody takes output any more
    private readonly CancellationTokenSource _unwanted = new(); // it is not to be started any more
    private readonly StreamCredit _output = new(CommandFrame.OutputCredit);
    private readonly StreamCredit _error = new(CommandFrame.OutputCredit);
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false)); // bounded by credit
    private readonly Lock _gate = new();
    private RunningCommand? _command;  // under _gate
    private CommandEnd _endedEarly;    // under _gate; Finished while nobody asked
    private bool _isAbandoned;         // under _gate
    private volatile bool _isTakenOver;
    private volatile bool _isKept;     // it goes on when the caller leaves
    private bool _isInputOver;         // by the session's reader alone
    private int _inputCredit = CommandFrame.InputCredit;

    public int Id => id;

    public Task Done { get; set; } = Task.CompletedTask;

    private CommandEnd Early
    {
        get
        {
            lock (_gate)
                return _endedEarly;
        }
    }

    public static CommandFrame Refusal(int id, CommandError error, string message) =>
        new() { Type = CommandFrame.Refused, Id = id, Code = ErrorCodes.Of(error), Message = message };

    /// <summary>Runs it from the request to the report.</summary>
    /// <param name="frame">The request.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="forget">Called before the last frame leaves: from then on the id may be used again.</param>
    public async Task RunAsync(CommandFrame frame, CommandCaller caller, Action forget)
    {
        CommandFrame last;
        try
        {
            last = Report(frame.Keep || frame.Type == CommandFrame.Attach
                ? await ServeKeptAsync(frame, caller).ConfigureAwait(false)
                : await ServeToEndAsync(await StartAsync(frame, caller).ConfigureAwait(false)).ConfigureAwait(false));
        }
        catch (CommandException e)
        {
            last = Refusal(id, e.Reason, e.Message);
        }
        catch (OperationCanceledException) when (_isTakenOver)
        {
            last = Refusal(id, CommandError.TakenOver, "Another connection has attached to this run; it goes on.");
        }
        catch (OperationCanceledException)
        {
            last = Early == CommandEnd.ServerStopping
                ? Refusal(id, CommandError.Stopping, "The server is stopping.")
                : Refusal(id, CommandError.NotStarted, "It was cancelled before it started.");
        }
        catch (Exception e) when (e is not (TransportException or ProtocolException or IOException))
        {
            service.Failed(e);
            last = Refusal(id, CommandError.NotStarted, "The server failed; its log says how.");
        }

        forget();
        if (!_isAbandoned)
            await writer.SendAsync(last).ConfigureAwait(false);
    }

    /// <summary>What the caller sends for the command to read.</summary>
    /// <exception cref="ProtocolException">It is more than there was credit for.</exception>
    public async ValueTask TakeInputAsync(CommandFrame frame, Stream body)
    {
        if (Interlocked.Add(ref _inputCredit, -frame.Size) < 0 || (_isInputOver && frame.Size > 0))
            throw new ProtocolException(ProtocolError.FrameTooLarge, "The peer sent more input than it had credit for.");
        for (int left = frame.Size; left > 0;)
        {
            int count = await body.ReadAsync(_input.Writer.GetMemory(left)[..left]).ConfigureAwait(false);
            _input.Writer.Advance(count);
            left -= count;
        }

        await _input.Writer.FlushAsync().ConfigureAwait(false);
        if (!frame.End)
            return;
        _isInputOver = true;
        await _input.Writer.CompleteAsync().ConfigureAwait(false);
    }

    public void AddCredit(int output, int error)
    {
        _output.Add(output);
        _error.Add(error);
    }

    public void Send(string? signal)
    {
        lock (_gate)
            _ = signal is not null && _command?.Send(signal) is true;
    }

    public void Resize(TerminalSize size)
    {
        lock (_gate)
            _command?.Resize(size);
    }

    /// <summary>Ends it; what it has written still goes out.</summary>
    public void Leave(CommandEnd reason)
    {
        RunningCommand? command;
        lock (_gate)
        {
            if (_endedEarly == CommandEnd.Finished)
                _endedEarly = reason;
            command = _command;
        }

        if (command is null)
            _unwanted.Cancel();
        End(command, reason);
    }

    /// <summary>Ends it, and nobody takes what it has written.</summary>
    public void Abandon(CommandEnd reason)
    {
        _isAbandoned = true;
        Leave(reason);
        _gone.Cancel();
    }

    public static bool TryRead(CommandFrame frame, [NotNullWhen(true)] out CommandRequest? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        try
        {
            request = new CommandRequest(frame.Command ?? [])
            {
                Line = frame.Line,
                Environment = frame.Environment ?? [],
                Folder = frame.Folder,
                TimeLimit = frame.TimeLimit is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                OutputLimit = frame.OutputLimit,
                Terminal = frame.Terminal is { } size ? new TerminalSize(size.Columns, size.Rows) : null,
                TerminalType = frame.Terminal?.Type ?? "dumb",
            };
            problem = frame.Command?.Any(word => word is null) is true ? "A word of a command is a text."
                : frame.Environment?.ContainsValue(null!) is true ? "A variable of the environment is a text."
                : null;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            problem = "A limit is out of bounds.";
        }

        return problem is null;
    }

    private async Task<ServedCommand> StartAsync(CommandFrame frame, CommandCaller caller)
    {
        ServedCommand served = await service.StartAsync(Read(frame), caller, _unwanted.Token).ConfigureAwait(false);
        Follow(served.Command);
        return served;
    }

    private async Task<CommandReport> ServeToEndAsync(ServedCommand served)
    {
        try
        {
            return await ServeAsync(served).ConfigureAwait(false);
        }
        finally
        {
            await served.Command.DisposeAsync().ConfigureAwait(false);
            _ = await served.Ended.ConfigureAwait(false); // recorded as well
        }
    }

    /// <summary>Serves a command that goes on without us: one that is started, or one that was.</summary>
    private async Task<CommandReport> ServeKeptAsync(CommandFrame frame, CommandCaller caller)
    {
        _isKept = true;
        KeptRun run = frame.Type == CommandFrame.Attach
            ? service.FindKept(frame.RunId, caller)
            : await service.StartKeptAsync(Read(frame), caller, _unwanted.Token).ConfigureAwait(false);
        Action detach = TakeOver;
        ServedCommand served = run.Attach(detach);
        try
        {
            Follow(run.Command);
            return await ServeAsync(served).ConfigureAwait(false);
        }
        finally
        {
            run.Detached(detach);
        }
    }

    private void TakeOver()
    {
        _isTakenOver = true;
        _gone.Cancel();
    }

    private static CommandRequest Read(CommandFrame frame) =>
        TryRead(frame, out CommandRequest? request, out string? problem) ? request : throw new CommandException(CommandError.BadRequest, problem);

    /// <summary>From now on signals reach it; and what came before it was there.</summary>
    private void Follow(RunningCommand command)
    {
        CommandEnd early;
        lock (_gate)
        {
            _command = command;
            early = _endedEarly;
        }

        if (early != CommandEnd.Finished)
            End(command, early);
    }

    /// <summary>Ends it for that reason, unless it is kept and the reason is only ours.</summary>
    private void End(RunningCommand? command, CommandEnd reason)
    {
        if (!_isKept || reason is CommandEnd.Cancelled or CommandEnd.ServerStopping)
            command?.Stop(reason);
    }

    private async Task<CommandReport> ServeAsync(ServedCommand served)
    {
        RunningCommand command = served.Command;
        Task feeding = FeedAsync(command);
        try
        {
            await writer.SendAsync(new CommandFrame { Type = CommandFrame.Started, Id = id, RunId = served.RunId, Rule = served.Rule }).ConfigureAwait(false);
            await Task.WhenAll(
                PumpAsync(served.Output, CommandFrame.Stdout, _output), PumpAsync(served.Error, CommandFrame.Stderr, _error)).ConfigureAwait(false);
            if (_isKept)
                _gone.Token.ThrowIfCancellationRequested();
            return await served.Ended.ConfigureAwait(false);
        }
        finally
        {
            // A caller that is gone, or cannot be written to, is one that left.
            End(command, CommandEnd.CallerLeft);
            _input.Reader.CancelPendingRead();
            await feeding.ConfigureAwait(false);
        }
    }

    /// <summary>Passes a stream on as far as there is credit; without, the command is not read from, and waits.</summary>
    private async Task PumpAsync(Stream stream, string type, StreamCredit credit)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallPieceBytes);
        try
        {
            for (int pieces = 1; ; pieces++)
            {
                if (pieces % PiecesInARow == 0)
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // what else waits at this thread has its turn
                int room = await credit.TakeAsync(Math.Min(buffer.Length, writer.MaxPieceBytes), _gone.Token).ConfigureAwait(false);
                if (room == 0)
                {
                    await stream.DisposeAsync().ConfigureAwait(false);
                    return;
                }

                ValueTask<int> reading = stream is CommandOutput output
                    ? output.ReadForPumpAsync(buffer.AsMemory(0, room))
                    : stream.ReadAsync(buffer.AsMemory(0, room), _isKept ? _gone.Token : default);
                int count = await reading.ConfigureAwait(false);
                if (count == 0)
                    return;
                credit.Add(room - count);
                await writer.SendAsync(new CommandFrame { Type = type, Id = id, Size = count }, buffer.AsMemory(0, count)).ConfigureAwait(false);

                // As large as what comes: little for a command that says little, much for one that would fill it.
                int fitting = count == buffer.Length ? Math.Min(4 * count, writer.MaxPieceBytes) : count < SmallPieceBytes ? SmallPieceBytes : buffer.Length;
                if (fitting != buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(fitting);
                }
            }
        }
        catch (OperationCanceledException) when (_isKept)
        {
            // It goes on; we do not see it any more.
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            await _gone.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Feeds the command what the caller sent. What it does not want is dropped, with credit as if it had been read: the caller learns at the end.</summary>
    private async Task FeedAsync(RunningCommand command)
    {
        bool isWanted = true;
        try
        {
            while (true)
            {
                ReadResult result = await _input.Reader.ReadAsync().ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                    isWanted = isWanted && await TryWriteAsync(command, piece).ConfigureAwait(false);
                var count = (int)result.Buffer.Length;
                _input.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCanceled)
                    return;
                if (count > 0)
                {
                    Interlocked.Add(ref _inputCredit, count);
                    await writer.SendAsync(new CommandFrame { Type = CommandFrame.Credit, Id = id, StdinCredit = count }).ConfigureAwait(false);
                }

                if (!result.IsCompleted)
                    continue;
                await command.FinishInputAsync(_gone.Token).ConfigureAwait(false);
                return;
            }
        }
        catch (Exception e) when (e is TransportException or OperationCanceledException or IOException)
        {
            // Nobody is left to send input, or to take it.
        }
        finally
        {
            await _input.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> TryWriteAsync(RunningCommand command, ReadOnlyMemory<byte> piece)
    {
        try
        {
            await command.Input.WriteAsync(piece, _gone.Token).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private CommandFrame Report(CommandReport report) => new()
    {
        Type = CommandFrame.Ended,
        Id = id,
        Reason = ErrorCodes.Of(report.Reason),
        Status = report.Status,
        SignalName = report.Signal,
        Output = Of(report.Output),
        Error = Of(report.Error),
        Seconds = Math.Round(report.Duration.TotalSeconds, 6),
        CpuSeconds = Math.Round(report.CpuTime.TotalSeconds, 6),
        MaxMemoryBytes = report.MaxMemoryBytes,
        LeftProcessesBehind = report.LeftProcessesBehind,
    };

    private static StreamFrame Of(StreamReport stream) => new(stream.Bytes, stream.Crc32C.ToString("x8", CultureInfo.InvariantCulture));
}
