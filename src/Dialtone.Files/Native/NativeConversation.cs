using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>One caller of the native protocol, from its first header to its last. PROTOCOL.md, Files.</summary>
/// <remarks>
/// One loop reads requests and does them in order. Only the end of a put (making it durable, publishing it, answering) goes on beside it, in
/// <see cref="CommitWindow"/>: that is what lets thousands of small files share their syncs. Every other request waits until the puts before it are done.
/// Between two requests nothing is held but the session.
/// </remarks>
internal sealed partial class NativeConversation(Connection connection, FileService service, ILogger logger)
{
    private readonly FrameReader _input = new(connection, NativeLimits.SmallFile);
    private readonly RequestBody _body = new();
    private readonly FrameWriter _output = new();
    private readonly FileCaller _caller = FileCaller.Of(connection, "native");
    private CommitWindow? _commits;
    private FileSession? _session;
    private ScramServer? _scram;
    private int _failedLogins;
    private int _unknownCommands;
    private bool _isOver; // the request at hand is the last

    private FileSession Session => _session!;

    private FileServiceOptions Options => service.Options;

    /// <summary>Serves until the caller has finished, breaks the rules, is silent for too long, or the server drains.</summary>
    public async Task RunAsync()
    {
        long started = Options.Time.GetTimestamp();
        _body.Input = _input;
        connection.WriteTimeout = Options.StalledTransfer;
        try
        {
            while (!_isOver)
            {
                int most = _session is null ? NativeLimits.MaxHeaderBeforeLogin : NativeLimits.MaxHeader;
                if (_input.TryReadHeader(most, out ReadOnlySpan<byte> json))
                    await DoAsync(NativeRequest.Parse(json)).ConfigureAwait(false);
                else if (!await WaitForMoreAsync(started).ConfigureAwait(false))
                    break;
            }

            if (_input.Buffered > 0 && !_isOver)
                throw FrameReader.Truncated(1);
            await SettleAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (connection.Closing.IsCancellationRequested)
        {
            await SettleAsync().ConfigureAwait(false);
        }
        catch (TransportException) when (_isOver)
        {
            // The caller did not wait for the last word.
        }
        finally
        {
            if (_commits is not null)
                await _commits.WhenEmptyAsync().ConfigureAwait(false);
            if (_session is not null)
                await _session.DisposeAsync().ConfigureAwait(false);
            _input.Dispose();
            _output.Dispose();
        }
    }

    /// <summary>Everything that was asked for is done and its answer is out.</summary>
    private async ValueTask SettleAsync()
    {
        if (_commits is not null)
            await _commits.WhenEmptyAsync().ConfigureAwait(false);
        await _output.SendAsync(connection).ConfigureAwait(false);
    }

    private async ValueTask<bool> WaitForMoreAsync(long started)
    {
        // Nothing to do at once: whoever waits for an answer gets it now.
        await _output.SendAsync(connection).ConfigureAwait(false);
        bool isBetween = _input.Buffered == 0;
        if (_session is null)
        {
            TimeSpan left = NativeLimits.LoginTime - Options.Time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                logger.Refused(connection.Id, "it took too long to log in.");
                return false;
            }

            connection.ReadTimeout = left;
        }
        else
        {
            BePatient(isBetween ? Options.SessionIdle : Options.StalledTransfer);
        }

        return await _input.FillAsync(isBetween ? connection.Closing : default).ConfigureAwait(false) || Ended(isBetween);
    }

    private void BePatient(TimeSpan limit)
    {
        if (connection.ReadTimeout != limit)
            connection.ReadTimeout = limit;
    }

    private static bool Ended(bool isBetween) => isBetween ? false : throw FrameReader.Truncated(1);

    private async ValueTask DoAsync(NativeRequest request)
    {
        _body.Begin(request);
        try
        {
            NativeCommand command = Choose(request);
            if (command.NeedsSession)
                _session ??= service.OpenAnonymous(_caller);
            if (command.WaitsForPuts && _commits is { IsEmpty: false })
                await _commits.WhenEmptyAsync().ConfigureAwait(false);
            await command.Run(this, request).ConfigureAwait(false);
            if (_output.Length >= FrameWriter.Full)
                await SendNowAsync().ConfigureAwait(false);
        }
        catch (FileException e)
        {
            await RefuseAsync(request, e).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (TransportException or ProtocolException or OperationCanceledException))
        {
            logger.RequestFailed(connection.Id, e);
            await RefuseAsync(request, new FileException(FileError.Failed, "The server failed.", e)).ConfigureAwait(false);
        }
    }

    private NativeCommand Choose(NativeRequest request)
    {
        if (request.Problem is { } problem)
            throw new FileException(FileError.BadRequest, problem);
        if (request.Command is { } command)
            return command;
        if (!request.HasCommand && (request.IsTutorial || request.Path is not null))
            return NativeCommand.All[0]; // no command means put
        // Without an id it is the tutorials', whose own server would take a body for the next header.
        if (request.Id is null || ++_unknownCommands > NativeLimits.MaxUnknownCommands)
            _isOver = true;
        throw new FileException(FileError.Unsupported, "There is no such command.");
    }

    /// <summary>Says no. A body that is on its way is dropped while it is short; a long one, and a request that cannot be answered, end the conversation.</summary>
    private async ValueTask RefuseAsync(NativeRequest request, FileException refusal)
    {
        bool isAnswered = request.Id is not null && !request.IsTutorial;
        if (isAnswered)
            await AnswerAsync(request.Id, refusal).ConfigureAwait(false);
        else
            logger.Refused(connection.Id, refusal.Message);
        if (!_body.IsRead)
            await SendNowAsync().ConfigureAwait(false); // before the rest of the body has come
        bool isDropped = isAnswered && await _body.TryDropAsync().ConfigureAwait(false);
        _isOver |= !isDropped;
        if (_isOver)
            await SettleAsync().ConfigureAwait(false);
        if (isAnswered && !isDropped)
            await LetItBeReadAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// A caller that pushes a long body may not have looked yet, and closing over what it sends resets the connection, which takes the answer from it.
    /// Not to read on holds it up instead, and holds nothing here.
    /// </summary>
    private async ValueTask LetItBeReadAsync()
    {
        await connection.FinishSendingAsync().ConfigureAwait(false);
        await Task.Delay(NativeLimits.LastWordTime, Options.Time, connection.Closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Answers with a refusal, among the answers to puts while there are any.</summary>
    private async ValueTask AnswerAsync(long? id, FileException refusal)
    {
        if (_commits is { IsEmpty: false })
            await _commits.PostAsync(id, refusal).ConfigureAwait(false);
        else
            _output.WriteError(id, refusal.Reason, refusal.Message);
    }

    /// <summary>Sends what waits, unless the window does so by itself.</summary>
    private ValueTask SendNowAsync() => _commits is { IsEmpty: false } ? default : _output.SendAsync(connection);

    /// <summary>A yes with nothing more to say.</summary>
    private void Yes(NativeRequest request)
    {
        _output.BeginYes(request.Id);
        _output.End();
    }

    private VirtualPath PathOf(string? text) => Session.Resolve(text);
}
