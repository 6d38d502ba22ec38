namespace Dialtone;

/// <summary>As <see cref="DatagramRequestHandler"/>, with plain blocking calls on a thread.</summary>
public abstract class BlockingDatagramRequestHandler
{
    /// <summary>What came in; lent until finish has returned.</summary>
    protected Datagram Datagram { get; private set; } = null!;

    /// <summary>Cancelled when the server begins to drain.</summary>
    protected CancellationToken Closing => Datagram.Closing;

    /// <summary>Prepares; does nothing unless overridden.</summary>
    protected virtual void Setup()
    {
    }

    /// <summary>Handles the datagram.</summary>
    protected abstract void Handle();

    /// <summary>Cleans up; does nothing unless overridden.</summary>
    /// <param name="error">What setup or handle threw, or null.</param>
    protected virtual void Finish(Exception? error)
    {
    }

    internal void Run(Datagram datagram)
    {
        Datagram = datagram;
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
