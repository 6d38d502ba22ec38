namespace Dialtone;

/// <summary>As <see cref="StreamHandler"/>, with plain blocking calls on a thread: <see cref="Stream"/> reads and writes straight to the socket.</summary>
public abstract class BlockingStreamHandler
{
    /// <summary>The caller.</summary>
    protected Connection Connection { get; private set; } = null!;

    /// <summary>The connection as a blocking stream.</summary>
    protected Stream Stream => Connection.Stream;

    /// <summary>Cancelled when the server begins to drain.</summary>
    protected CancellationToken Closing => Connection.Closing;

    /// <summary>Prepares; does nothing unless overridden.</summary>
    protected virtual void Setup()
    {
    }

    /// <summary>Holds the conversation.</summary>
    protected abstract void Handle();

    /// <summary>Cleans up; does nothing unless overridden.</summary>
    /// <param name="error">What setup or handle threw, or null.</param>
    protected virtual void Finish(Exception? error)
    {
    }

    internal void Run(Connection connection)
    {
        Connection = connection;
        Exception? error = null;
        try
        {
            Setup();
            Handle();
        }
        catch (Exception e)
        {
            error = e;
            throw;
        }
        finally
        {
            Finish(error);
        }
    }
}
