using System.Net;

namespace Dialtone.Engines;

/// <summary>Calls several addresses of one host: the next one after a failure or a pause, the first that answers wins, the rest are closed (RFC 8305 §5).</summary>
internal static class AttemptRace
{
    public static async Task<Transport> RunAsync(
        IReadOnlyList<IPEndPoint> order, Func<IPEndPoint, CancellationToken, Task<Transport>> call, DialOptions options, CancellationToken cancellationToken)
    {
        if (order.Count == 1)
            return await call(order[0], cancellationToken).ConfigureAwait(false);
        using var losing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Transport>>();
        Exception? firstError = null;
        int next = 0;
        try
        {
            while (true)
            {
                if (next < order.Count)
                    running.Add(call(order[next++], losing.Token));
                Task<Transport>? done = await FirstAsync(running, next < order.Count, options, losing.Token).ConfigureAwait(false);
                if (done is null)
                    continue; // silence: the next one is tried beside it
                running.Remove(done);
                if (done.IsCompletedSuccessfully)
                    return await done.ConfigureAwait(false);
                firstError ??= done.Exception?.InnerException;
                cancellationToken.ThrowIfCancellationRequested();
                if (running.Count == 0 && next == order.Count)
                    throw firstError!;
            }
        }
        finally
        {
            await losing.CancelAsync().ConfigureAwait(false);
            foreach (Task<Transport> loser in running)
                _ = CloseAsync(loser);
        }
    }

    /// <summary>The first to end, or null when all stay silent and another could be tried.</summary>
    private static async Task<Task<Transport>?> FirstAsync(
        List<Task<Transport>> running, bool hasMore, DialOptions options, CancellationToken cancellationToken)
    {
        Task<Task<Transport>> first = Task.WhenAny(running);
        if (!hasMore)
            return await first.ConfigureAwait(false);
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task delay = Task.Delay(options.AttemptDelay, options.Time, pause.Token);
        bool hasEnded = await Task.WhenAny(first, delay).ConfigureAwait(false) == first;
        await pause.CancelAsync().ConfigureAwait(false);
        return hasEnded ? await first.ConfigureAwait(false) : null;
    }

    private static async Task CloseAsync(Task<Transport> loser)
    {
        try
        {
            (await loser.ConfigureAwait(false)).Dispose();
        }
        catch (Exception e) when (e is TransportException or OperationCanceledException)
        {
            // It lost by failing.
        }
    }
}
