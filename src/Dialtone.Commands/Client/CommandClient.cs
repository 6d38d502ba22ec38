using System.Globalization;

namespace Dialtone.Commands;

/// <summary>Runs commands on a server, several at once on one connection. Safe for use from many threads.</summary>
public sealed class CommandClient : IAsyncDisposable
{
    private const int CopyBytes = 64 * 1024;

    /// <summary>How long a server may take to close after we have said that nothing more will come.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly IFrameLine _line;
    private readonly CommandClientOptions _options;
    private readonly FrameWriter _writer;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, RemoteCommand> _commands = [];                               // under _gate
    private readonly Dictionary<int, TaskCompletionSource<CommandFrame>> _questions = [];      // under _gate
    private readonly Task _reading;
    private int _lastId;            // under _gate
    private CommandException? _lost; // under _gate

    private CommandClient(IFrameLine line, TlsDetails? tls, CommandClientOptions options)
    {
        (_line, Tls, _options, _writer) = (line, tls, options, new FrameWriter(line));
        // A connection whose calls block is read by a thread of its own: what arrives wakes it without a turn of anybody else's loop.
        _reading = line is ConnectionLine { IsBlocking: true }
            ? Task.Factory.StartNew(ReadAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
            : Task.Run(ReadAsync);
    }

    /// <summary>Calls a server and logs in.</summary>
    /// <exception cref="TransportException">The call failed.</exception>
    /// <exception cref="TrustException">The server is not trusted, or refused us.</exception>
    public static async Task<CommandClient> ConnectAsync(Address address, CommandClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CommandClientOptions();
        Connection connection = await LogInAsync(address, options, cancellationToken).ConfigureAwait(false);
        return new CommandClient(new ConnectionLine(connection), connection.Tls, options);
    }

    /// <summary>
    /// Calls a server, logs in, and goes on in datagrams: commands survive a network that loses and reorders, and a change of this machine's address
    /// (<see cref="MoveAsync"/>). Each request is executed once or reported as failed.
    /// </summary>
    /// <param name="address">Where to log in; over TLS unless it is this machine.</param>
    /// <param name="options">How to get in.</param>
    /// <param name="datagrams">Where datagrams go. Default the same machine, at the port that the server names.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TransportException">The call failed.</exception>
    /// <exception cref="TrustException">The server is not trusted, or refused us.</exception>
    /// <exception cref="CommandException">The server takes no datagrams, or does not speak this protocol.</exception>
    public static async Task<CommandClient> ConnectOverDatagramsAsync(
        Address address, CommandClientOptions? options = null, Address? datagrams = null, CancellationToken cancellationToken = default)
    {
        options ??= new CommandClientOptions();
        Connection connection = await LogInAsync(address, options, cancellationToken).ConfigureAwait(false);
        try
        {
            FlowClientLine line = await FlowClientLine.OpenAsync(connection, datagrams, options.Dial.Time, cancellationToken).ConfigureAwait(false);
            return new CommandClient(line, connection.Tls, options);
        }
        catch (Exception e)
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is ProtocolException)
                throw new CommandException(CommandError.ProtocolBroken, "The server does not speak this protocol.", e);
            throw;
        }
    }

    /// <summary>What TLS came to, the server's key among it; null without TLS.</summary>
    public TlsDetails? Tls { get; }

    /// <summary>Goes on from a new socket, as after a change of network; without datagrams it does nothing. Commands that run do not notice.</summary>
    /// <exception cref="TransportException">The server's address cannot be used from here now; try again.</exception>
    public Task MoveAsync(CancellationToken cancellationToken = default) => _line is FlowClientLine flow ? flow.MoveAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Starts a command; its streams are read and written as it runs.</summary>
    /// <exception cref="CommandException">It was refused or could not be started, or the connection is lost.</exception>
    public async Task<RemoteCommand> StartAsync(CommandRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RemoteCommand command = Add(request.Keep);
        await SendAsync(Frame(CommandFrame.Run, command.Id, request)).ConfigureAwait(false);
        return await StartedAsync(command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Attaches to a command that was started with <see cref="CommandRequest.Keep"/>: its streams come from their beginnings. Whoever was attached is not any more.</summary>
    /// <param name="runId">Its <see cref="RemoteCommand.RunId"/>.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <exception cref="CommandException">There is no such run, or it is another user's; or the connection is lost.</exception>
    public async Task<RemoteCommand> AttachAsync(string runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        RemoteCommand command = Add(isKept: true);
        await SendAsync(new CommandFrame { Type = CommandFrame.Attach, Id = command.Id, RunId = runId }).ConfigureAwait(false);
        return await StartedAsync(command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the server keeps for this user, the oldest first.</summary>
    /// <exception cref="CommandException">The connection is lost.</exception>
    public async Task<IReadOnlyList<KeptCommand>> ListKeptAsync(CancellationToken cancellationToken = default)
    {
        CommandFrame answer = await AskAsync(id => new CommandFrame { Type = CommandFrame.Runs, Id = id }, cancellationToken).ConfigureAwait(false);
        return [.. (answer.Kept ?? []).Select(run => new KeptCommand
        {
            RunId = run.Run,
            Command = run.Command,
            Age = TimeSpan.FromSeconds(run.Age),
            OutputBytes = run.Bytes,
            IsAttached = run.Attached,
            Report = ErrorCodes.EndOf(run.Reason) is { } reason ? new CommandReport { Reason = reason, Status = run.Status, Signal = run.Signal } : null,
        })];
    }

    private RemoteCommand Add(bool isKept)
    {
        lock (_gate)
        {
            if (_lost is not null)
                throw Lost(_lost);
            var command = new RemoteCommand(++_lastId, _writer, isKept);
            _commands[command.Id] = command;
            return command;
        }
    }

    private static async Task<RemoteCommand> StartedAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration cancelled = cancellationToken.UnsafeRegister(static state => _ = ((RemoteCommand)state!).CancelAsync(), command);
        await using (cancelled.ConfigureAwait(false))
        {
            await command.Started.ConfigureAwait(false);
            return command;
        }
    }

    /// <summary>Runs a command to its end.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="output">Takes its standard output as it comes. Default dropped, and counted.</param>
    /// <param name="error">Takes its standard error. Default dropped, and counted.</param>
    /// <param name="input">What it reads, to its end. Default nothing.</param>
    /// <param name="cancellationToken">Ends the command with all its processes.</param>
    /// <returns>How it ended. Both streams arrived whole: their counts and checksums were compared.</returns>
    /// <exception cref="CommandException">It was refused or could not be started; the connection was lost before its end was told; or what arrived is not what it wrote.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<CommandReport> RunAsync(
        CommandRequest request, Stream? output = null, Stream? error = null, Stream? input = null, CancellationToken cancellationToken = default)
    {
        RemoteCommand command = await StartAsync(request, cancellationToken).ConfigureAwait(false);
        await using (command.ConfigureAwait(false))
        {
            CancellationTokenRegistration cancelled = cancellationToken.UnsafeRegister(static state => _ = ((RemoteCommand)state!).CancelAsync(), command);
            await using (cancelled.ConfigureAwait(false))
            {
                using var ended = new CancellationTokenSource();
                Task feeding = FeedAsync(command, input, ended.Token);
                Task all = Task.WhenAll(command.Output.CopyToAsync(output ?? Stream.Null, CopyBytes, default), command.Error.CopyToAsync(error ?? Stream.Null, CopyBytes, default));
                CommandReport report = await WithPatience(ReportAsync(command, all), cancellationToken).ConfigureAwait(false);
                await ended.CancelAsync().ConfigureAwait(false);
                if (input is null)
                    await feeding.ConfigureAwait(false);
                if (report.Reason == CommandEnd.Cancelled)
                    cancellationToken.ThrowIfCancellationRequested();
                return report;
            }
        }
    }

    /// <summary>Asks what the server's policy says to a request, without running it.</summary>
    /// <exception cref="CommandException">The connection is lost.</exception>
    public async Task<CommandDecision> ExplainAsync(CommandRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CommandFrame answer = await AskAsync(id => Frame(CommandFrame.Explain, id, request), cancellationToken).ConfigureAwait(false);
        return new CommandDecision { Rule = answer.Rule, Message = answer.Message ?? "", IsAllowed = answer.Allowed };
    }

    /// <summary>Ends the connection, and with it every command that still runs on it and is not kept.</summary>
    public async ValueTask DisposeAsync()
    {
        bool isBusy;
        lock (_gate)
            isBusy = _commands.Count > 0;
        try
        {
            if (isBusy)
                _line.Abort();
            else
                await _writer.FinishAsync().ConfigureAwait(false);
            await _reading.WaitAsync(Goodbye, _options.Dial.Time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TransportException or TimeoutException)
        {
            _line.Abort();
        }

        // One read at a time: closing reads to the end as well.
        await _reading.ConfigureAwait(false);
        await _line.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<Connection> LogInAsync(Address address, CommandClientOptions options, CancellationToken cancellationToken)
    {
        Connection connection = await Dialer.ConnectAsync(address, options.Dial, cancellationToken).ConfigureAwait(false);
        try
        {
            if (options.Key is { } key)
                await ChannelBoundChallenge.AnswerAsync(connection, key, cancellationToken).ConfigureAwait(false);
            if (options.UserName is { } name)
                await ScramAuthentication.LoginAsync(connection, name, options.Password ?? "", cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<CommandFrame> AskAsync(Func<int, CommandFrame> question, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<CommandFrame>(TaskCreationOptions.RunContinuationsAsynchronously);
        int id;
        lock (_gate)
        {
            if (_lost is not null)
                throw Lost(_lost);
            id = ++_lastId;
            _questions[id] = answer;
        }

        await SendAsync(question(id)).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<CommandReport> ReportAsync(RemoteCommand command, Task streams)
    {
        await streams.ConfigureAwait(false);
        return await command.Ended.ConfigureAwait(false);
    }

    private static async Task FeedAsync(RemoteCommand command, Stream? input, CancellationToken ended)
    {
        try
        {
            if (input is not null)
                await input.CopyToAsync(command.Input, CopyBytes, ended).ConfigureAwait(false);
            await command.FinishInputAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or CommandException or TransportException)
        {
            // The command ended first; its report says how.
        }
    }

    /// <summary>Waits; but once cancelled not for ever, should the server have lost interest.</summary>
    private async Task<CommandReport> WithPatience(Task<CommandReport> ending, CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), cancelled);
        await using (registration.ConfigureAwait(false))
        {
            if (await Task.WhenAny(ending, cancelled.Task).ConfigureAwait(false) == ending)
                return await ending.ConfigureAwait(false);
        }

        try
        {
            return await ending.WaitAsync(_options.CancelPatience, _options.Dial.Time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static CommandFrame Frame(string type, int id, CommandRequest request) => new()
    {
        Type = type,
        Id = id,
        Command = request.Command.Count > 0 ? request.Command : null,
        Line = request.Line,
        Environment = request.Environment.Count > 0 ? new Dictionary<string, string>(request.Environment) : null,
        Folder = request.Folder,
        TimeLimit = request.TimeLimit?.TotalSeconds,
        OutputLimit = request.OutputLimit,
        Keep = request.Keep,
        Terminal = request.Terminal is { } size ? new TerminalFrame(size.Columns, size.Rows, request.TerminalType) : null,
    };

    private async ValueTask SendAsync(CommandFrame frame)
    {
        try
        {
            await _writer.SendAsync(frame).ConfigureAwait(false);
        }
        catch (TransportException e)
        {
            throw await WhyAsync(e).ConfigureAwait(false);
        }
        catch (ProtocolException e)
        {
            throw new CommandException(CommandError.BadRequest, "The words of the command are too long together.", e);
        }
    }

    /// <summary>What the reader met knows more than a send that failed.</summary>
    private async Task<CommandException> WhyAsync(TransportException sending)
    {
        await ((Task)_reading.WaitAsync(Goodbye, _options.Dial.Time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            return Lost(_lost ?? (Exception)sending);
    }

    private async Task ReadAsync()
    {
        CommandException why = new(CommandError.ConnectionLost, "The server closed the connection.");
        try
        {
            while (await _line.ReceiveAsync(CancellationToken.None).ConfigureAwait(false) is { } received)
                await TakeAsync(received).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TransportException or ProtocolException { Reason: ProtocolError.TruncatedFrame })
        {
            why = Lost(e);
            _line.Abort();
        }
        catch (Exception e) when (e is ProtocolException or FormatException)
        {
            why = new CommandException(CommandError.ProtocolBroken, "The server does not speak this protocol.", e);
            _line.Abort();
        }

        RemoteCommand[] commands;
        TaskCompletionSource<CommandFrame>[] questions;
        lock (_gate)
        {
            _lost = why;
            commands = [.. _commands.Values];
            questions = [.. _questions.Values];
            _commands.Clear();
            _questions.Clear();
        }

        foreach (RemoteCommand command in commands)
            command.Fail(why);
        foreach (TaskCompletionSource<CommandFrame> question in questions)
            question.TrySetException(why);
    }

    private async ValueTask TakeAsync(ReceivedFrame received)
    {
        CommandFrame frame = received.Header;
        RemoteCommand? command;
        TaskCompletionSource<CommandFrame>? question;
        lock (_gate)
        {
            command = _commands.GetValueOrDefault(frame.Id);
            question = _questions.GetValueOrDefault(frame.Id);
            if (frame.Type is CommandFrame.Ended or CommandFrame.Refused)
                _commands.Remove(frame.Id);
            if (frame.Type is CommandFrame.Explained or CommandFrame.Runs)
                _questions.Remove(frame.Id);
        }

        switch (frame.Type)
        {
            case CommandFrame.Explained or CommandFrame.Runs:
                question?.TrySetResult(frame);
                break;
            case CommandFrame.Stdout or CommandFrame.Stderr when command is not null:
                await command.TakeOutputAsync(frame, received.Body).ConfigureAwait(false);
                break;
            case CommandFrame.Started:
                command?.Start(frame);
                break;
            case CommandFrame.Credit:
                command?.AddCredit(frame.StdinCredit);
                break;
            case CommandFrame.Refused:
                command?.Fail(new CommandException(ErrorCodes.ErrorOf(frame.Code), frame.Message ?? "The server refused it."));
                break;
            case CommandFrame.Ended:
                command?.End(ReportOf(frame));
                break;
        }
    }

    private static CommandReport ReportOf(CommandFrame frame) => new()
    {
        Reason = ErrorCodes.EndOf(frame.Reason) ?? throw new FormatException("An end without a reason."),
        Status = frame.Status,
        Signal = frame.SignalName,
        Output = ReportOf(frame.Output),
        Error = ReportOf(frame.Error),
        Duration = TimeSpan.FromSeconds(frame.Seconds ?? 0),
        CpuTime = TimeSpan.FromSeconds(frame.CpuSeconds ?? 0),
        MaxMemoryBytes = frame.MaxMemoryBytes,
        LeftProcessesBehind = frame.LeftProcessesBehind,
    };

    private static StreamReport ReportOf(StreamFrame? stream) => stream is null
        ? throw new FormatException("An end without counts.")
        : new StreamReport(stream.Bytes, uint.Parse(stream.Crc32c, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static CommandException Lost(Exception inner) => inner as CommandException is { } same
        ? new CommandException(same.Reason, same.Message, same)
        : new CommandException(CommandError.ConnectionLost, $"The connection was lost: {inner.Message}", inner);
}
