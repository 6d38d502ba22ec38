using System.Globalization;
using System.Text;

namespace Dialtone.Files;

/// <summary>A client's conversation with a tutorial's server whose messages nothing ends: one request, one answer, and contents of a size that was told.</summary>
internal sealed class UnframedCall(Connection call, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Their servers take a request with <c>recv(1024)</c>.</summary>
    private const int MaxRequestBytes = 1024;

    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(2);

    private readonly UnframedReader _reader = new(call, time);
    private bool _hasPut;

    /// <summary>Sends a request, alone.</summary>
    public async Task RequestAsync(string request, CancellationToken cancellationToken)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(request);
        if (bytes.Length > MaxRequestBytes)
            throw new FileException(FileError.BadPath, $"The request is longer than the {MaxRequestBytes} bytes such servers read.");
        await call.SendAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a request and receives its answer.</summary>
    public async Task<string> AskAsync(string request, AnswerForms forms, CancellationToken cancellationToken)
    {
        await RequestAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            return await _reader.ReadAsync(forms.Look, cancellationToken).ConfigureAwait(false)
                ?? throw new FileException(FileError.Failed, "The server closed without an answer.");
        }
        catch (ProtocolException e)
        {
            throw new FileException(FileError.Failed, "The server does not answer as this dialect has it.", e);
        }
    }

    /// <summary>The size at the end of an answer of the form that has one; null if it is of another.</summary>
    public static long? SizeIn(string answer, AnswerForms forms)
    {
        if (!answer.StartsWith(forms.Sized, StringComparison.Ordinal))
            return null;
        return long.TryParse(answer.AsSpan(forms.Sized.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : throw new FileException(FileError.Failed, "The server told a size that is none.");
    }

    /// <summary>Says that we are ready, and receives a content.</summary>
    public async Task ReceiveAsync(string ready, long size, Stream destination, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await RequestAsync(ready, cancellationToken).ConfigureAwait(false);
        byte[] buffer = TransferBuffers.Rent(size);
        try
        {
            for (long received = 0; received < size;)
            {
                int count = await _reader.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - received)), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                    throw new FileException(FileError.Corrupt, $"The server ended {size - received} bytes before the size it told.");
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                received += count;
                progress?.Report(received);
            }
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }

        // A size cut in two by the network reads as a smaller one.
        if (!await _reader.IsQuietAsync(UnframedReader.ShortPause, cancellationToken).ConfigureAwait(false))
            throw new FileException(FileError.Corrupt, "The server sent more than the size it told.");
    }

    /// <summary>Sends a content that the server is ready for, and leaves it time to take it: such servers may read past its end.</summary>
    public async Task SendAsync(Stream source, long size, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await DialectClient.SendContentAsync(call, source, size, progress, cancellationToken).ConfigureAwait(false);
        _hasPut = true;
        await _reader.IsQuietAsync(UnframedReader.LongPause, cancellationToken).ConfigureAwait(false);
        if (_reader.HasEnded)
            throw new FileException(FileError.Failed, "The server closed right after the content; it may not have kept it.");
    }

    /// <summary>Leaves the server a moment in which nothing follows a request that it does not answer.</summary>
    public async Task PauseAsync(CancellationToken cancellationToken) =>
        await _reader.IsQuietAsync(UnframedReader.LongPause * 1.5, cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_hasPut && call.CloseReason == CloseReason.None)
                await DialectClient.LeaveAsync(call, LastWait, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // The server was faster.
        }

        _reader.Dispose();
        await call.DisposeAsync().ConfigureAwait(false);
    }
}
