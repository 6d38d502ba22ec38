using System.IO.Pipelines;

namespace Dialtone;

/// <summary>
/// Serves one connection in three steps, as Python's <c>StreamRequestHandler</c> does: setup, handle, finish. One instance per connection.
/// </summary>
/// <remarks>Finish runs once setup has begun, whatever happened since, and gets the exception if there was one.</remarks>
public abstract class StreamHandler
{
    /// <summary>The caller.</summary>
    protected Connection Connection { get; private set; } = null!;

    /// <summary>What the caller sends.</summary>
    protected PipeReader Input => Connection.Input;

    /// <summary>What is sent to the caller.</summary>
    protected PipeWriter Output => Connection.Output;

    /// <summary>Cancelled when the server begins to drain.</summary>
    protected CancellationToken Closing => Connection.Closing;

    /// <summary>Prepares; does nothing unless overridden.</summary>
    protected virtual ValueTask SetupAsync() => default;

    /// <summary>Holds the conversation.</summary>
    protected abstract ValueTask HandleAsync();

    /// <summary>Cleans up; does nothing unless overridden.</summary>
    /// <param name="error">What setup or handle threw, or null.</param>
    protected virtual ValueTask FinishAsync(Exception? error) => default;

    internal async Task RunAsync(Connection connection)
    {
        Connection = connection;
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
