namespace Dialtone.Files;

/// <summary>
/// A client of the servers people write while they learn, which promise less than ours: nothing is verified, an upload is not acknowledged, and what a
/// dialect cannot say is refused as <see cref="FileError.Unsupported"/> before anything is sent.
/// </summary>
/// <remarks>
/// One call at a time. Paths go out without their leading <c>/</c>. After a <see cref="TransportException"/>, or a <see cref="FileException"/> that is
/// <see cref="FileError.Failed"/>, <see cref="FileError.Corrupt"/> or <see cref="FileError.Changed"/>, the conversation is over: dispose the client.
/// </remarks>
public interface IDialectClient : IAsyncDisposable
{
    /// <summary>Receives a file.</summary>
    /// <param name="path">Which.</param>
    /// <param name="destination">Where to write it.</param>
    /// <param name="progress">Told how many bytes have come so far; may be null.</param>
    /// <param name="cancellationToken">Ends the transfer, and with it the conversation.</param>
    /// <returns>Its size in bytes, all of which were written.</returns>
    /// <exception cref="FileException">There is no such file, the dialect has no get, or the server did not keep to it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    Task<long> GetAsync(string path, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Sends a file.</summary>
    /// <param name="source">Its content.</param>
    /// <param name="size">How many bytes of it; the dialects say it first.</param>
    /// <param name="path">Where to.</param>
    /// <param name="progress">Told how many bytes have left so far; may be null.</param>
    /// <param name="cancellationToken">Ends the transfer, and with it the conversation.</param>
    /// <exception cref="FileException">The server refused, the dialect has no put, or the source was shorter than <paramref name="size"/>.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    Task PutAsync(Stream source, long size, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>A folder's listing, as the server writes it; an empty path for the current folder.</summary>
    /// <exception cref="FileException">The dialect has no list, or the server did not keep to it.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    Task<string> ListAsync(string path = "", CancellationToken cancellationToken = default);

    /// <summary>Deletes a file, or a folder with its content. The dialect does not tell whether it happened.</summary>
    /// <exception cref="FileException">The dialect has no delete.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    Task RemoveAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Changes the current folder; an empty path for the home folder.</summary>
    /// <returns>The folder as the server shows it; <c>/</c> for the home folder.</returns>
    /// <exception cref="FileException">There is no such folder, or the dialect has none.</exception>
    /// <exception cref="TransportException">The connection broke.</exception>
    Task<string> ChangeFolderAsync(string path = "", CancellationToken cancellationToken = default);
}
