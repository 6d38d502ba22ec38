using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dialtone;

/// <summary>The six ways conversations share a machine.</summary>
public enum ConcurrencyKind
{
    /// <summary>One after the other; the kernel's backlog is the queue. Python's <c>TCPServer</c>.</summary>
    Sequential,

    /// <summary>On the event loop that read the bytes; handlers must not block. Python's asyncio.</summary>
    Inline,

    /// <summary>On the thread pool, as many as there are callers.</summary>
    Task,

    /// <summary>A thread each. Python's <c>ThreadingMixIn</c>.</summary>
    Thread,

    /// <summary>At most n at a time, the rest in a bounded queue. Python's <c>ThreadPoolExecutor(128)</c>.</summary>
    Pool,

    /// <summary>A process each: a crash harms one caller. Python's <c>ForkingMixIn</c>.</summary>
    Process,
}

/// <summary>What a pool does with a caller, or a datagram, that finds its queue full.</summary>
public enum WhenFull
{
    /// <summary>Accepts no more until there is room; callers wait in the kernel's backlog.</summary>
    Wait,

    /// <summary>Closes the connection at once; drops the datagram.</summary>
    Reject,

    /// <summary>Drops the oldest waiting datagram, which is the stalest. A connection that comes is closed at once: one that waits is not given up for it.</summary>
    DropOldest,
}

/// <summary>A concurrency policy: how conversations share the machine. The same handler runs under each.</summary>
public sealed record Concurrency
{
    /// <summary>The children Python's <c>ForkingMixIn</c> allows at one time.</summary>
    private const int PythonMaxChildren = 40;

    private Concurrency(ConcurrencyKind kind) => Kind = kind;

    /// <summary>One conversation at a time over the whole server; the next caller is accepted when it has ended.</summary>
    public static Concurrency Sequential { get; } = new(ConcurrencyKind.Sequential);

    /// <summary>Handlers run on the event loop that read the bytes: the fastest, and the one under which nothing may block.</summary>
    public static Concurrency Inline { get; } = new(ConcurrencyKind.Inline);

    /// <summary>Handlers run on the thread pool; blocking ones cost a pool thread each. The default.</summary>
    public static Concurrency Task { get; } = new(ConcurrencyKind.Task);

    /// <summary>Which policy.</summary>
    public ConcurrencyKind Kind { get; }

    /// <summary>How many conversations may run at one time, where the policy bounds them.</summary>
    public int Max { get; private init; } = int.MaxValue;

    /// <summary>How many accepted callers, or datagrams, may wait for a place in the pool.</summary>
    public int Queue { get; private init; }

    /// <summary>What happens when that queue is full.</summary>
    public WhenFull WhenFull { get; private init; }

    /// <summary>Worker processes kept ready.</summary>
    public int Prestart { get; private init; }

    /// <summary>Conversations a worker process serves before it is replaced.</summary>
    public int Reuse { get; private init; } = 1;

    /// <summary>A thread for each conversation; blocking calls go straight to the kernel.</summary>
    /// <param name="max">Threads at one time; further callers wait in the backlog. Default 1,000. At least 1.</param>
    public static Concurrency Thread(int max = 1000) => new(ConcurrencyKind.Thread) { Max = Require.Positive(max, nameof(max)) };

    /// <summary>At most <paramref name="workers"/> conversations at a time: real threads for blocking handlers, a gate for asynchronous ones.</summary>
    /// <param name="workers">Conversations at one time. At least 1.</param>
    /// <param name="queue">Accepted callers, or datagrams, that may wait. Default 1,024. At least 0.</param>
    /// <param name="whenFull">What happens to the next one. Default <see cref="WhenFull.Wait"/>.</param>
    public static Concurrency Pool(int workers, int queue = 1024, WhenFull whenFull = WhenFull.Wait) => new(ConcurrencyKind.Pool)
    {
        Max = Require.Positive(workers, nameof(workers)),
        Queue = Require.InRange(queue, 0, int.MaxValue, nameof(queue)),
        WhenFull = whenFull,
    };

    /// <summary>Under <see cref="Process"/>, the program that workers run, its path first and its arguments after it; null for this program with its own arguments.</summary>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    public IReadOnlyList<string>? Worker
    {
        get;
        init => field = value is { Count: 0 } ? throw new ArgumentException("The worker's program is missing.", nameof(Worker)) : value;
    }

    /// <summary>A process for each conversation, which a crash harms alone; <see cref="WorkerProcess"/> says what becomes of the program in it. Linux only.</summary>
    /// <param name="max">Processes at one time; further callers wait in the backlog. Default 40, as Python's max_children. At least 1.</param>
    /// <param name="prestart">Processes kept ready, so that a caller need not wait for one to start. Default 1. At least 0.</param>
    /// <param name="reuse">Conversations one process serves, one after the other, before it is replaced. Default 1. At least 1.</param>
    public static Concurrency Process(int max = PythonMaxChildren, int prestart = 1, int reuse = 1) => new(ConcurrencyKind.Process)
    {
        Max = Require.Positive(max, nameof(max)),
        Prestart = Require.InRange(prestart, 0, max, nameof(prestart)),
        Reuse = Require.Positive(reuse, nameof(reuse)),
    };

    /// <summary>The policy for connections, of which none is dropped for a later one.</summary>
    internal Concurrency ForConnections() => WhenFull == WhenFull.DropOldest ? this with { WhenFull = WhenFull.Reject } : this;

    /// <summary>Reads a policy as operators write it: <c>sequential</c>, <c>inline</c>, <c>task</c>, <c>thread[:MAX]</c>, <c>pool:N[:QUEUE]</c>, <c>process[:MAX]</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Concurrency? concurrency)
    {
        concurrency = null;
        string[] parts = (text ?? "").Split(':');
        var numbers = new int[parts.Length - 1];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(parts[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        }

        concurrency = (parts[0], numbers) switch
        {
            ("sequential", []) => Sequential,
            ("inline", []) => Inline,
            ("task", []) => Task,
            ("thread", []) => Thread(),
            ("thread", [>= 1 and int max]) => Thread(max),
            ("pool", [>= 1 and int workers]) => Pool(workers),
            ("pool", [>= 1 and int workers, int queue]) => Pool(workers, queue),
            ("process", []) => Process(),
            ("process", [>= 1 and int max]) => Process(max, Math.Min(1, max)),
            _ => null,
        };
        return concurrency is not null;
    }

    /// <summary>Writes the policy as it is read.</summary>
    public override string ToString() => Kind switch
    {
        ConcurrencyKind.Thread => $"thread:{Max}",
        ConcurrencyKind.Pool => $"pool:{Max}:{Queue}",
        ConcurrencyKind.Process => $"process:{Max}",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
