namespace Dialtone;

/// <summary>What a program does as a worker of its own server under <see cref="Concurrency.Process"/>.</summary>
/// <remarks>
/// <para>A worker is the same program, started again with the same arguments. It runs the same <c>Main</c> until the server is asked to start;
/// there it serves the callers that the parent hands to it, with the same handler, middleware and options, and ends. What follows happens in the
/// parent alone, as after a <c>fork</c>. What must happen once only but stands before that point (opening a log file, printing a banner) goes
/// behind one line in <c>Main</c>: <code>if (await WorkerProcess.TryRunAsync(server)) return;</code></para>
/// <para>Admission, <see cref="ServerLimits.MaxConnections"/>, penalties, metrics and the drain are the parent's. TLS, authentication,
/// <see cref="ServerOptions.Verify"/>, the other hooks and every limit on time run in the worker, and memory limits hold for each worker.
/// SIGHUP, SIGINT, SIGQUIT and SIGTERM do not reach a worker, nor what it starts: the parent ends it, and the kernel does when the parent dies.</para>
/// </remarks>
public static class WorkerProcess
{
    private static readonly WorkerLink? Link = WorkerLink.TryOpen();
    private static int LastNumber;

    /// <summary>Whether this process is a worker.</summary>
    public static bool IsWorker => Link is not null;

    /// <summary>In a worker of this server: serves until the parent has no more for it, then returns true. Anywhere else: returns false at once.</summary>
    /// <param name="server">The server, with its options, middleware and handler set, not started.</param>
    /// <exception cref="InvalidOperationException">The server was started before, or has no handler.</exception>
    public static async Task<bool> TryRunAsync(Server server)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (Link is not { } link || !link.IsFor(server.WorkerNumber))
            return false;
        await server.RunAsWorkerAsync(link).ConfigureAwait(false);
        return true;
    }

    internal static WorkerLink? Current => Link;

    /// <summary>Numbers the servers of a program that have workers; the program makes them in the same order in its workers.</summary>
    internal static int NextNumber() => Interlocked.Increment(ref LastNumber);
}
