using Microsoft.Extensions.Logging;

namespace Dialtone.Files;

/// <summary>
/// The puts of one connection whose content is here and which are not yet durable. Bounded in number; each leaves when its answer is out, so that
/// a caller who does not read its answers is not read from either.
/// </summary>
/// <remarks>One loop enters and waits; puts end, and answers leave, wherever the store completes them.</remarks>
internal sealed class CommitWindow(Connection connection, ILogger logger) : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _gate = new();
    private FrameWriter _filling = new();            // under _gate
    private FrameWriter _sending = new();            // the sender's
    private int _open;                               // puts and answers under way; under _gate
    private int _answers;                            // of those, how many answers wait in _filling; under _gate
    private bool _isSending;                         // under _gate
    private TaskCompletionSource? _waiter;           // under _gate
    private int _waitsFor;                           // _waiter is woken when no more than this are open; under _gate

    /// <summary>Whether every answer is out.</summary>
    public bool IsEmpty => Volatile.Read(ref _open) == 0;

    /// <summary>Waits for room, and takes a place.</summary>
    public async ValueTask EnterAsync()
    {
        if (Volatile.Read(ref _open) >= NativeLimits.MaxUncommitted)
            await WhenAtMostAsync(NativeLimits.MaxUncommitted / 2).ConfigureAwait(false);
        lock (_gate)
            _open++;
    }

    /// <summary>Gives a place back that came to nothing.</summary>
    public void Leave() => Release(1);

    /// <summary>Completes when every answer is out.</summary>
    public ValueTask WhenEmptyAsync() => WhenAtMostAsync(0);

    /// <summary>Completes when at most so many are under way.</summary>
    public ValueTask WhenAtMostAsync(int count)
    {
        lock (_gate)
        {
            if (_open <= count)
                return default;
            _waitsFor = count;
            _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_waiter.Task);
        }
    }

    /// <summary>Answers with a refusal, after what is to be answered before it.</summary>
    public async ValueTask PostAsync(long? id, FileException refusal)
    {
        await EnterAsync().ConfigureAwait(false);
        Post(id, null, null, refusal);
    }

    /// <summary>Publishes what a place was taken for, and answers. Runs on by itself.</summary>
    public async Task FinishAsync(FileUpload upload, NativeRequest request, ExpectedDigests? expected)
    {
        try
        {
            await PublishAsync(upload, request, expected).ConfigureAwait(false);
        }
        catch
        {
            // Out of memory or descriptors it may fail even to say what has failed: nobody shall wait for an answer that does not come.
            connection.Abort();
            Release(1);
        }
    }

    /// <summary>Sends answers until there are none.</summary>
    public void Execute() => _ = SendAsync();

    public void Dispose()
    {
        _filling.Dispose();
        _sending.Dispose();
    }

    private async Task PublishAsync(FileUpload upload, NativeRequest request, ExpectedDigests? expected)
    {
        PublishedFile? published = null;
        FileException? refusal = null;
        try
        {
            published = await upload.CommitAsync(expected).ConfigureAwait(false);
        }
        catch (FileException e)
        {
            refusal = e;
        }
        catch (Exception e)
        {
            logger.RequestFailed(connection.Id, e);
            refusal = new FileException(FileError.Failed, "The server failed.", e);
        }

        try
        {
            await upload.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.RequestFailed(connection.Id, e);
        }

        if (request.Id is not null)
        {
            Post(request.Id, upload, published, refusal);
            return;
        }

        if (refusal is not null)
        {
            logger.Refused(connection.Id, refusal.Message);
            connection.Abort();
        }

        Release(1);
    }

    private void Post(long? id, FileUpload? upload, PublishedFile? published, FileException? refusal)
    {
        lock (_gate)
        {
            if (refusal is not null)
                _filling.WriteError(id, refusal.Reason, refusal.Message);
            else
                WriteYes(id, upload!, published!);
            _answers++;
            if (_isSending)
                return;
            _isSending = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void WriteYes(long? id, FileUpload upload, PublishedFile published)
    {
        System.Text.Json.Utf8JsonWriter json = _filling.BeginYes(id);
        json.WriteNumber("total"u8, published.Entry.Size);
        NativeJson.WriteCrc(json, upload.Crc32C);
        if (!upload.Sha256.IsEmpty)
            json.WriteString("sha256"u8, Convert.ToHexStringLower(upload.Sha256.Span));
        if (!published.Path.Equals(upload.Path))
            json.WriteString("path"u8, published.Path.ToString());
        _filling.End();
    }

    private async Task SendAsync()
    {
        while (true)
        {
            int answers;
            lock (_gate)
            {
                if (_answers == 0)
                {
                    _isSending = false;
                    return;
                }

                (_filling, _sending) = (_sending, _filling);
                (answers, _answers) = (_answers, 0);
            }

            try
            {
                await _sending.SendAsync(connection).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TransportException or OperationCanceledException or InvalidOperationException)
            {
                _sending.Clear(); // the loop that reads will find the connection broken too
            }
            catch
            {
                _sending.Clear();
                connection.Abort();
            }

            Release(answers);
        }
    }

    private void Release(int count)
    {
        TaskCompletionSource? waiter = null;
        lock (_gate)
        {
            _open -= count;
            if (_open <= _waitsFor)
                (waiter, _waiter) = (_waiter, null);
        }

        waiter?.TrySetResult();
    }
}
