namespace Dialtone;

/// <summary>
/// Handles one datagram in three steps, as Python's <c>DatagramRequestHandler</c> does: setup, handle, finish. One instance per datagram.
/// </summary>
/// <remarks>Finish runs once setup has begun, whatever happened since, and gets the exception if there was one. Unlike Python's, it sends no empty reply.</remarks>
public abstract class DatagramRequestHandler
{
    /// <summary>What came in; lent until finish has ended.</summary>
    protected Datagram Datagram { get; private set; } = null!;

    /// <summary>Cancelled when the server begins to drain.</summary>
    protected CancellationToken Closing => Datagram.Closing;

    /// <summary>Prepares; does nothing unless overridden.</summary>
    protected virtual ValueTask SetupAsync() => default;

    /// <summary>Handles the datagram.</summary>
    protected abstract ValueTask HandleAsync();

    /// <summary>Cleans up; does nothing unless overridden.</summary>
    /// <param name="error">What setup or handle threw, or null.</param>
    protected virtual ValueTask FinishAsync(Exception? error) => default;

    internal async ValueTask RunAsync(Datagram datagram)
    {
        Datagram = datagram;
        Exception? error = null;
        try
        {
            await SetupAsync().ConfigureAwait(false);
            await HandleAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
            throw;
        }
        finally
        {
            await FinishAsync(error).ConfigureAwait(false);
        }
    }
}
