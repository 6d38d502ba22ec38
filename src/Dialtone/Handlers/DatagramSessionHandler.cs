namespace Dialtone;

/// <summary>Serves one peer of a datagram address in three steps: setup, handle, finish. One instance per session.</summary>
/// <remarks>Finish runs once setup has begun, whatever happened since, and gets the exception if there was one.</remarks>
public abstract class DatagramSessionHandler
{
    /// <summary>The peer.</summary>
    protected DatagramSession Session { get; private set; } = null!;

    /// <summary>Cancelled when the session has ended or the server begins to drain.</summary>
    protected CancellationToken Closing => Session.Closing;

    /// <summary>Prepares; does nothing unless overridden.</summary>
    protected virtual ValueTask SetupAsync() => default;

    /// <summary>Serves the peer: usually reads <see cref="DatagramSession.ReadAllAsync"/> to its end.</summary>
    protected abstract ValueTask HandleAsync();

    /// <summary>Cleans up; does nothing unless overridden.</summary>
    /// <param name="error">What setup or handle threw, or null.</param>
    protected virtual ValueTask FinishAsync(Exception? error) => default;

    internal async Task RunAsync(DatagramSession session)
    {
        Session = session;
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
