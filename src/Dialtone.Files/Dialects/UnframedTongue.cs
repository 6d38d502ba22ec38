using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Files;

/// <summary>One conversation in a dialect whose messages nothing ends: what both of them have in common, which is how files come and go.</summary>
/// <remarks>Whether a caller may is the session's to say, always.</remarks>
internal abstract class UnframedTongue
{
    /// <summary>The tutorials' clients read an answer with <c>recv(100)</c>.</summary>
    public const int MaxAnswerBytes = 100;

    /// <summary>The longest request once the caller is known: a path, and room for several.</summary>
    private const int MaxRequestBytes = 16 * 1024;

    private readonly Grammar _grammar;

    protected UnframedTongue(FileServiceOptions options, Connection call, Grammar grammar)
    {
        Options = options;
        Call = call;
        _grammar = grammar;
        Reader = new UnframedReader(call, options.Time);
        Logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Dialtone.Files");
    }

    protected FileServiceOptions Options { get; }

    protected Connection Call { get; }

    protected UnframedReader Reader { get; }

    protected ILogger Logger { get; }

    /// <summary>Whether there is a session. Before there is one, requests are short and come soon.</summary>
    protected bool IsKnown
    {
        get;
        set
        {
            field = value;
            Reader.MaxBytes = MaxRequestBytes;
        }
    }

    /// <summary>Serves the caller until it leaves.</summary>
    public async Task RunAsync()
    {
        using (Reader)
            await TalkAsync().ConfigureAwait(false);
    }

    /// <summary>The conversation.</summary>
    protected abstract ValueTask TalkAsync();

    /// <summary>The next request; null when the caller has finished. The server's drain ends the wait.</summary>
    protected ValueTask<string?> ReadRequestAsync()
    {
        Call.ReadTimeout = IsKnown ? Options.SessionIdle : NativeLimits.LoginTime;
        Call.Activity = null;
        return Reader.ReadAsync(_grammar, Call.Closing);
    }

    /// <summary>Sends an answer, alone, cut to what the clients read.</summary>
    protected ValueTask AnswerAsync(string answer)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        int length = Math.Min(bytes.Length, MaxAnswerBytes);
        while (length < bytes.Length && (bytes[length] & 0xC0) == 0x80)
            length--; // not inside a character
        return Call.SendAsync(bytes.AsMemory(0, length));
    }

    /// <summary>Tells a file's size, waits for the caller to be ready, and sends the file.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="name">The file, from the session's folder.</param>
    /// <param name="ready">The answer that the size is appended to.</param>
    /// <param name="missing">The answer if there is no such file, or none for this caller.</param>
    /// <param name="acknowledgement">What the caller says before the file comes.</param>
    protected async ValueTask SendFileAsync(
        FileSession session, string name, string ready, string missing, ReadOnlyMemory<byte> acknowledgement)
    {
        FileDownload download;
        try
        {
            download = await session.OpenAsync(session.Resolve(name), Call.Closing).ConfigureAwait(false);
        }
        catch (FileException)
        {
            await AnswerAsync(missing).ConfigureAwait(false);
            return;
        }

        Call.ReadTimeout = Call.WriteTimeout = Options.StalledTransfer;
        Call.Activity = "sending a file";
        long size = download.Entry.Size;
        await using (download.ConfigureAwait(false))
        {
            await AnswerAsync(ready + size).ConfigureAwait(false);
            if (size > 0)
            {
                if (await Reader.TryTakeAsync(acknowledgement).ConfigureAwait(false))
                    await SendContentAsync(download, size).ConfigureAwait(false);
                return;
            }

            download.Finished();
        }

        // An empty file is over already. The acknowledgement is taken if it comes, and not missed if it does not.
        Call.ReadTimeout = Options.SessionIdle;
        await Reader.TryTakeAsync(acknowledgement, Call.Closing).ConfigureAwait(false);
    }

    /// <summary>Makes room, tells the caller to begin, and receives a file. Nothing is answered at its end: what fails then ends the connection.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="name">Where to, from the session's folder.</param>
    /// <param name="digits">How many bytes.</param>
    /// <param name="mode">What to do about a file that stands there.</param>
    /// <param name="ready">The answer that the caller waits for.</param>
    /// <param name="error">What begins the answer if nothing can be received.</param>
    protected async ValueTask ReceiveFileAsync(
        FileSession session, string name, string digits, PublishMode mode, string ready, string error)
    {
        FileUpload upload;
        long size;
        try
        {
            if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out size))
                throw new FileException(FileError.BadRequest, "The size is no number.");
            VirtualPath path = session.Resolve(name);
            await CheckFolderAsync(session, path.Parent).ConfigureAwait(false);
            upload = await session.StartUploadAsync(new UploadRequest { Path = path, Size = size, Mode = mode }, Call.Closing).ConfigureAwait(false);
        }
        catch (FileException e)
        {
            await AnswerAsync(error + Sentence(e)).ConfigureAwait(false);
            return;
        }

        Call.ReadTimeout = Options.StalledTransfer;
        Call.Activity = "receiving a file";
        await using (upload.ConfigureAwait(false))
        {
            try
            {
                await AnswerAsync(ready).ConfigureAwait(false);
                await ReceiveContentAsync(upload, size).ConfigureAwait(false);
                if (!await Reader.IsAtMessageAsync(_grammar).ConfigureAwait(false))
                    throw new ProtocolException(ProtocolError.BadLength, "More content came than the request said; nothing was published.");
                await upload.CommitAsync(null).ConfigureAwait(false);
            }
            catch (FileException e)
            {
                Logger.UploadFailed(Call.Id, e.Reason);
                throw new ProtocolException(ProtocolError.BodyNotRead, "The upload failed, and the dialect cannot say so.", e);
            }
        }
    }

    /// <summary>A folder that is missing is told now: once content comes there is no answer any more.</summary>
    private async ValueTask CheckFolderAsync(FileSession session, VirtualPath folder)
    {
        try
        {
            if ((await session.StatAsync(folder, Call.Closing).ConfigureAwait(false)).Kind != FileKind.Folder)
                throw new FileException(FileError.NotFolder, "It is no folder.");
        }
        catch (FileException e) when (e.Reason == FileError.Denied)
        {
            // Whoever may put without looking finds out by putting.
        }
    }

    private async ValueTask SendContentAsync(FileDownload download, long size)
    {
        long sent = 0;
        try
        {
            if (download.Handle is { } handle)
            {
                sent = await Call.SendFileAsync(handle, 0, size).ConfigureAwait(false);
                download.Sent(sent);
            }
            else
            {
                sent = await SendThroughBufferAsync(download, size).ConfigureAwait(false);
            }

            if (sent == size)
            {
                download.Finished();
                return;
            }

            BreakOff(FileError.Changed);
        }
        catch (FileException e)
        {
            BreakOff(e.Reason);
        }

        // The size has been told: only a reset keeps the peer from taking what it has for the whole.
        void BreakOff(FileError reason)
        {
            download.Failed(reason);
            Logger.DownloadFailed(Call.Id, reason);
            Call.Abort();
        }
    }

    private async ValueTask<long> SendThroughBufferAsync(FileDownload download, long size)
    {
        byte[] buffer = TransferBuffers.Rent(size);
        try
        {
            long sent = 0;
            while (sent < size)
            {
                int count = await download.ReadAsync(sent, buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - sent))).ConfigureAwait(false);
                if (count == 0)
                    break;
                await Call.SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                download.Sent(count);
                sent += count;
            }

            return sent;
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    private async ValueTask ReceiveContentAsync(FileUpload upload, long size)
    {
        byte[] buffer = TransferBuffers.Rent(size);
        try
        {
            for (long missing = size; missing > 0;)
            {
                int count = await Reader.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, missing))).ConfigureAwait(false);
                if (count == 0)
                    throw new ProtocolException(ProtocolError.TruncatedFrame, $"The caller left {missing} bytes before the end of a file; nothing was published.");
                await upload.AppendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                missing -= count;
            }
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    /// <summary>A refusal in the dialects' words, short enough for one answer.</summary>
    protected static string Sentence(FileException refusal) => refusal.Reason switch
    {
        FileError.QuotaExceeded => "quota exceeded",
        FileError.Denied or FileError.LoginRequired => "permission denied",
        FileError.NotFound or FileError.NotFolder => "target dir doesn't exist",
        FileError.BadPath => "the name cannot be used",
        FileError.DiskFull => "disk full",
        FileError.ReadOnly => "the disk cannot be written",
        FileError.Limit => "too much at once, try again later",
        FileError.BadRequest => "wrong command usage",
        FileError.IsFolder or FileError.Exists or FileError.NotRegular => "the name is taken",
        _ => "failed",
    };
}
