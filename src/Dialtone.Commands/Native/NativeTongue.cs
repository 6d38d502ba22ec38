using System.IO.Pipelines;

namespace Dialtone.Commands;

/// <summary>The native protocol, the server's side: several commands at once on one connection. PROTOCOL.md has the bytes.</summary>
internal sealed class NativeTongue(CommandService service)
{
    /// <summary>Commands of one connection at one time.</summary>
    private const int MaxRuns = 64;

    public Task RunAsync(Connection connection) => new Session(service, connection).RunAsync();

    private sealed class Session(CommandService service, Connection connection)
    {
        private readonly FrameWriter _writer = new(connection);
        private readonly CancellationTokenSource _idle = new(); // the server is stopping, and nothing runs
        private readonly Lock _gate = new();
        private readonly Dictionary<int, NativeRun> _runs = [];  // under _gate: those that frames may name
        private readonly HashSet<NativeRun> _unfinished = [];    // under _gate: and those whose last frame has not left

        public async Task RunAsync()
        {
            CancellationTokenRegistration closing = connection.Closing.Register(LeaveIfIdle);
            try
            {
                while (await connection.ReceiveAsync(CommandFrame.Codec, _idle.Token).ConfigureAwait(false) is { } message)
                    await HandleAsync(message).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_idle.IsCancellationRequested)
            {
                // Everybody has been served.
            }
            finally
            {
                await closing.DisposeAsync().ConfigureAwait(false);
                await EndAllAsync().ConfigureAwait(false);
                _idle.Dispose();
            }
        }

        private async ValueTask HandleAsync(JsonMessage<CommandFrame> message)
        {
            CommandFrame frame = message.Header;
            NativeRun? run = Find(frame.Id);
            switch (frame.Type)
            {
                case CommandFrame.Run:
                    await StartAsync(frame, run).ConfigureAwait(false);
                    break;
                case CommandFrame.Explain:
                    await ExplainAsync(frame).ConfigureAwait(false);
                    break;
                // What follows may cross the command's end on its way: then it is for nobody, and passed over.
                case CommandFrame.Stdin when run is not null:
                    await run.TakeInputAsync(frame, message.Body).ConfigureAwait(false);
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

        private async ValueTask StartAsync(CommandFrame frame, NativeRun? already)
        {
            if (frame.Id < 1 || already is not null)
                throw new ProtocolException(ProtocolError.BadHeader, "A command's id is 1 or more, and not that of another one that runs.");
            var run = new NativeRun(service, _writer, frame.Id);
            lock (_gate)
            {
                if (connection.Closing.IsCancellationRequested || _runs.Count >= MaxRuns)
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

            (CommandError error, string message) = connection.Closing.IsCancellationRequested
                ? (CommandError.Stopping, "The server is stopping.")
                : (CommandError.Busy, $"A connection runs at most {MaxRuns} commands at one time.");
            await _writer.SendAsync(NativeRun.Refusal(frame.Id, error, message)).ConfigureAwait(false);
        }

        private async Task RunAsync(NativeRun run, CommandFrame frame)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                await run.RunAsync(frame, CommandCaller.Of(connection), Forget).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TransportException or ProtocolException or IOException)
            {
                connection.Abort(); // the reader sees it, and ends the rest
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
                ? service.Explain(request, connection.User)
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

        private NativeRun? Find(int id)
        {
            lock (_gate)
                return _runs.GetValueOrDefault(id);
        }

        private void LeaveIfIdle()
        {
            lock (_gate)
            {
                if (_unfinished.Count > 0 || !connection.Closing.IsCancellationRequested)
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

        private async Task EndAllAsync()
        {
            CommandEnd reason = connection.Closing.IsCancellationRequested ? CommandEnd.ServerStopping : CommandEnd.CallerLeft;
            NativeRun[] left;
            lock (_gate)
                left = [.. _unfinished];
            foreach (NativeRun run in left)
                run.Abandon(reason);
            await Task.WhenAll(left.Select(run => run.Done)).ConfigureAwait(false);
        }
    }
}
