namespace Dialtone.Commands;

/// <summary>How a command ended, and what it wrote.</summary>
public sealed record CommandReport
{
    /// <summary>Why it ended.</summary>
    public CommandEnd Reason { get; init; }

    /// <summary>Its exit status, 0 to 255; null when a signal ended it.</summary>
    public int? Status { get; init; }

    /// <summary>The signal that ended it, such as <c>TERM</c>; null when it exited.</summary>
    public string? Signal { get; init; }

    /// <summary>What it wrote to standard output; with a terminal, everything.</summary>
    public StreamReport Output { get; init; }

    /// <summary>What it wrote to standard error.</summary>
    public StreamReport Error { get; init; }

    /// <summary>From start to end.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Processor time of it and of the processes it waited for.</summary>
    public TimeSpan CpuTime { get; init; }

    /// <summary>
    /// The most memory that its largest process held, in bytes; 0 where that is not known: the system tells it only when it is more than this process itself
    /// held when it started the command.
    /// </summary>
    public long MaxMemoryBytes { get; init; }

    /// <summary>
    /// Whether it left processes behind that held its output open or ran on. Those of its session were ended; of one that went into a session of its own, nothing
    /// that it wrote from then on is here.
    /// </summary>
    public bool LeftProcessesBehind { get; init; }

    /// <summary>
    /// What a shell would report: the exit status; 128 and the signal's number; 124 for a time limit.
    /// </summary>
    public int ShellStatus => Reason is CommandEnd.TimeLimit or CommandEnd.CpuLimit ? 124
        : Status ?? (Signals.TryParse(Signal, out int number) ? 128 + number : 255);
}

/// <summary>What passed through a stream.</summary>
/// <param name="Bytes">How much.</param>
/// <param name="Crc32C">The CRC-32C (Castagnoli) of it.</param>
public readonly record struct StreamReport(long Bytes, uint Crc32C);
