using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>The native protocol, the server's side: several commands at once on one line. PROTOCOL.md has the bytes.</summary>
/// <param name="service">What runs the commands.</param>
/// <param name="flows">Where callers may go on in datagrams; null where they may not.</param>
/// <param name="port">Where the server receives those; null while it does not.</param>
internal sealed class NativeTongue(CommandService service, CommandFlows? flows, Func<int?> port)
{
    /// <summary>Commands of one line at one time.</summary>
    private const int MaxRuns = 64;

    /// <summary>Serves a caller, on its connection or, once it asks for that, in datagrams.</summary>
    public async Task RunAsync(Connection connection)
    {
        var caller = CommandCaller.Of(connection);
        var session = new Session(service, new ConnectionLine(connection), caller, id => Admit(connection, id), connection.Closing);
        await session.RunAsync().ConfigureAwait(false);
        if (session.Continued is not { } line)
            return;

        // The connection stays, unused: the server counts the caller by it, and ends the caller's commands by it.
        using var over = new CancellationTokenSource();
        Task watching = WatchAsync(connection, line, over.Token);
        try
        {
            await new Session(service, line, caller, admit: null, connection.Closing).RunAsync().ConfigureAwait(false);
            await line.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            line.Abort();
            await over.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    private (FlowServerLine? Line, CommandFrame Answer) Admit(Connection connection, int id)
    {
        if (flows is null || port() is not { } number)
            return (null, NativeRun.Refusal(id, CommandError.NotAllowed, "This server takes no datagrams."));
        if (connection.Tls is null && !connection.Address.IsLocal)
            return (null, NativeRun.Refusal(id, CommandError.NotAllowed, "What seals datagrams is told over TLS only."));
        return flows.TryAdmit(id, number, out FlowServerLine? line, out CommandFrame? answer)
            ? (line, answer)
            : (null, NativeRun.Refusal(id, CommandError.Busy, "There are as many flows of datagrams as this server takes."));
    }

    /// <summary>Sees how the connection ends. The peer's end is no end of the flow, which may have moved to another network; it is asked for a sign of life.</summary>
    private static async Task WatchAsync(Connection connection, FlowServerLine line, CancellationToken over)
    {
        var passedOver = new byte[64];
        try
        {
            while (await connection.ReceiveAsync(passedOver, over).ConfigureAwait(false) > 0)
                continue;
            line.Probe();
        }
        catch (TransportException)
        {
            if (connection.CloseReason is CloseReason.Drained or CloseReason.Disposed or CloseReason.Aborted)
                line.Abort();
            else
                line.Probe();
        }
        catch (OperationCanceledException)
        {
            // The flow is over.
        }
    }

    private sealed class Session(
        CommandService service, IFrameLine line, CommandCaller caller, Func<int, (FlowServerLine? Line, CommandFrame Answer)>? admit, CancellationToken serverClosing)
    {
        private readonly FrameWriter _writer = new(line);
        private readonly CancellationTokenSource _idle = new(); // the server is stopping, and nothing runs
        private readonly Lock _gate = new();
        private readonly Dictionary<int, NativeRun> _runs = [];  // under _gate: those that frames may name
        private readonly HashSet<NativeRun> _unfinished = [];    // under _gate: and those whose last frame has not left

        /// <summary>Where the caller goes on, if it does.</summary>
        public FlowServerLine? Continued { get; private set; }

        public async Task RunAsync()
        {
            CancellationTokenRegistration closing = serverClosing.Register(LeaveIfIdle);
            using var deadline = new StopDeadline(service.Options, serverClosing);
            CancellationTokenRegistration overdue = deadline.Token.Register(StopAll);
            try
            {
                while (Continued is null && await line.ReceiveAsync(_idle.Token).ConfigureAwait(false) is { } received)
                    await HandleAsync(received).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_idle.IsCancellationRequested)
            {
                // Everybody has been served.
            }
            finally
            {
                await closing.DisposeAsync().ConfigureAwait(false);
                await overdue.DisposeAsync().ConfigureAwait(false);
                await EndAllAsync().ConfigureAwait(false);
                _idle.Dispose();
            }
        }

        private async ValueTask HandleAsync(ReceivedFrame received)
        {
            CommandFrame frame = received.Header;
            NativeRun? run = Find(frame.Id);
            switch (frame.Type)
            {
                case CommandFrame.Run or CommandFrame.Attach:
                    await StartAsync(frame, run).ConfigureAwait(false);
                    break;
                case CommandFrame.Flow:
                    await ContinueAsync(frame).ConfigureAwait(false);
                    break;
                case CommandFrame.Runs:
                    await ListAsync(frame).ConfigureAwait(false);
                    break;
                case CommandFrame.Explain:
                    await ExplainAsync(frame).ConfigureAwait(false);
                    break;
                // What follows may cross the command's end on its way: then it is for nobody, and passed over.
                case CommandFrame.Stdin when run is not null:
                    await run.TakeInputAsync(frame, received.Body).ConfigureAwait(false);
                    break;
                case CommandFrame.Credit:
                    run?.AddCredit(frame.StdoutCredit, frame.StderrCredit);
                    break;
                case CommandFrame.Signal:
                    run?.Send(frame.SignalName);
                    break;
                case CommandFrame.Window when frame.Terminal is { } size:
                    run?.Resize(new TerminalSize(size.Columns, size.Rows));
                    break;
                case CommandFrame.Cancel:
                    run?.Leave(CommandEnd.Cancelled);
                    break;
            }
        }

        private async ValueTask ContinueAsync(CommandFrame frame)
        {
            bool isBusy;
            lock (_gate)
                isBusy = _unfinished.Count > 0;
            if (admit is null || isBusy)
                throw new ProtocolException(ProtocolError.BadHeader, "A flow is asked for on a connection, and before the first command.");
            (FlowServerLine? continued, CommandFrame answer) = admit(frame.Id);
            try
            {
                await _writer.SendAsync(answer).ConfigureAwait(false);
                Continued = continued;
            }
            catch
            {
                continued?.Abort();
                throw;
            }
        }

        private async ValueTask StartAsync(CommandFrame frame, NativeRun? already)
        {
            if (frame.Id < 1 || already is not null)
                throw new ProtocolException(ProtocolError.BadHeader, "A command's id is 1 or more, and not that of another one that runs.");
            await UntilToldAsync().ConfigureAwait(false);
            var run = new NativeRun(service, _writer, frame.Id);
            lock (_gate)
            {
                if (serverClosing.IsCancellationRequested || _runs.Count >= MaxRuns)
                {
                    run = null;
                }
                else
                {
                    _runs[frame.Id] = run;
                    _unfinished.Add(run);
                }
            }

            if (run is not null)
            {
                run.Done = RunAsync(run, frame);
                return;
            }

            (CommandError error, string message) = serverClosing.IsCancellationRequested
                ? (CommandError.Stopping, "The server is stopping.")
                : (CommandError.Busy, $"A caller runs at most {MaxRuns} commands at one time.");
            await _writer.SendAsync(NativeRun.Refusal(frame.Id, error, message)).ConfigureAwait(false);
        }

        /// <summary>A caller that does not read how its commands ended starts no more of them.</summary>
        private async ValueTask UntilToldAsync()
        {
            while (true)
            {
                Task[] ending;
                lock (_gate)
                {
                    if (_unfinished.Count < 2 * MaxRuns)
                        return;
                    ending = [.. _unfinished.Where(run => _runs.GetValueOrDefault(run.Id) != run).Select(run => run.Done)];
                }

                await Task.WhenAny(ending).ConfigureAwait(false);
            }
        }

        private async Task RunAsync(NativeRun run, CommandFrame frame)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                await run.RunAsync(frame, caller, Forget).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TransportException or ProtocolException or IOException)
            {
                line.Abort(); // the reader sees it, and ends the rest
            }
            finally
            {
                lock (_gate)
                    _unfinished.Remove(run);
                LeaveIfIdle();
            }

            void Forget()
            {
                lock (_gate)
                    _runs.Remove(run.Id);
            }
        }

        private async ValueTask ExplainAsync(CommandFrame frame)
        {
            CommandDecision decision = NativeRun.TryRead(frame, out CommandRequest? request, out string? problem)
                ? service.Explain(request, caller.User)
                : CommandPolicy.Refuse(null, problem);
            await _writer.SendAsync(new CommandFrame
            {
                Type = CommandFrame.Explained,
                Id = frame.Id,
                Allowed = decision.IsAllowed,
                Rule = decision.Rule,
                Message = decision.Message,
            }).ConfigureAwait(false);
        }

        private ValueTask ListAsync(CommandFrame frame) => _writer.SendAsync(new CommandFrame
        {
            Type = CommandFrame.Runs,
            Id = frame.Id,
            Kept = [.. service.ListKept(caller).Select(run => new KeptFrame(
                run.RunId, Printable.Of(run.Command), Math.Round(run.Age.TotalSeconds, 3), run.OutputBytes, run.IsAttached,
                run.Report is { } report ? ErrorCodes.Of(report.Reason) : null, run.Report?.Status, run.Report?.Signal))],
        });

        private NativeRun? Find(int id)
        {
            lock (_gate)
                return _runs.GetValueOrDefault(id);
        }

        private void LeaveIfIdle()
        {
            lock (_gate)
            {
                if (_unfinished.Count > 0 || !serverClosing.IsCancellationRequested)
                    return;
            }

            try
            {
                _idle.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The caller was faster.
            }
        }

        /// <summary>Ends what still runs; how it ended is told.</summary>
        private void StopAll()
        {
            NativeRun[] left;
            lock (_gate)
                left = [.. _unfinished];
            foreach (NativeRun run in left)
                run.Leave(CommandEnd.ServerStopping);
        }

        private async Task EndAllAsync()
        {
            CommandEnd reason = serverClosing.IsCancellationRequested ? CommandEnd.ServerStopping : CommandEnd.CallerLeft;
            NativeRun[] left;
            lock (_gate)
                left = [.. _unfinished];
            foreach (NativeRun run in left)
                run.Abandon(reason);
            await Task.WhenAll(left.Select(run => run.Done)).ConfigureAwait(false);
        }
    }
}
