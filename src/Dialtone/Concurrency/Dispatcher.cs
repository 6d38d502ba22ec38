using Dialtone.Engines;

namespace Dialtone;

/// <summary>Something to run: a conversation, or one datagram's handling. Never throws.</summary>
internal interface IConversation
{
    /// <summary>Runs it to its end.</summary>
    Task RunAsync();

    /// <summary>Runs it where nobody waits for its end; a conversation may need less memory then.</summary>
    void Start() => _ = RunAsync();

    /// <summary>It waits in the policy's queue from now on: a peer that is not served yet is not silent.</summary>
    void BeginWait()
    {
    }

    /// <summary>Its turn has come.</summary>
    void EndWait()
    {
    }

    /// <summary>It will not run: the policy had no room, or the server is going.</summary>
    void Reject(CloseReason reason);

    /// <summary>The loop it belongs to, if it has one.</summary>
    EpollLoop? Loop { get; }
}

/// <summary>One concurrency policy at work: when the next may come in, and on which thread it runs.</summary>
internal abstract class Dispatcher : IDisposable
{
    /// <summary>On which thread a connection's waits end.</summary>
    public abstract ReadyOn ReadyOn { get; }

    /// <summary>Waits until the policy has room for one more; every completed wait is used up by one <see cref="Dispatch"/> or given back by <see cref="ReleaseRoom"/>.</summary>
    /// <exception cref="OperationCanceledException">The server stops.</exception>
    public virtual ValueTask WaitForRoomAsync(CancellationToken stopping) => default;

    /// <summary>The room waited for is not needed after all.</summary>
    public virtual void ReleaseRoom()
    {
    }

    /// <summary>Starts it, queues it, or rejects it. Returns at once.</summary>
    public abstract void Dispatch(IConversation conversation);

    /// <summary>Ends what waits and what the policy owns. Conversations under way have ended by now or been aborted.</summary>
    public virtual void Dispose()
    {
    }

    public static Dispatcher Create(Concurrency policy, bool blocks) => policy.Kind switch
    {
        // One conversation at a time is a pool of one with no queue; blocking handlers get the pool's real thread.
        ConcurrencyKind.Sequential => blocks ? new ThreadPoolDispatcher(1, 0, WhenFull.Wait) : new GateDispatcher(1, 0, WhenFull.Wait),
        ConcurrencyKind.Inline when blocks => throw new NotSupportedException(
            "A blocking handler cannot run inline: it would stop every other connection of its event loop. Use Concurrency.Thread or Concurrency.Pool."),
        ConcurrencyKind.Inline => new InlineDispatcher(),
        ConcurrencyKind.Task => new TaskDispatcher(blocks),
        ConcurrencyKind.Thread => new ThreadDispatcher(policy.Max),
        ConcurrencyKind.Pool => blocks
            ? new ThreadPoolDispatcher(policy.Max, policy.Queue, policy.WhenFull)
            : new GateDispatcher(policy.Max, policy.Queue, policy.WhenFull),
        ConcurrencyKind.Process when !OperatingSystem.IsLinux() => throw new PlatformNotSupportedException(
            "Concurrency.Process needs Linux: it passes descriptors to worker processes. Use Concurrency.Thread or Concurrency.Task."),
        ConcurrencyKind.Process => new GateDispatcher(policy.Max, 0, WhenFull.Wait, ReadyOn.CallerBlocks),
        _ => throw new NotSupportedException($"{policy} has no dispatcher."),
    };
}
