namespace Dialtone.Commands;

/// <summary>The bounds of one command. Null means no limit.</summary>
public sealed record CommandLimits
{
    internal const long LeastMemoryBytes = 1 << 20;

    /// <summary>How long it may run, by the clock on the wall. Default none.</summary>
    public TimeSpan? Time { get; init => field = Check.Positive(value); }

    /// <summary>How much processor time each of its processes may use, in whole seconds, rounded up (RLIMIT_CPU). Default none.</summary>
    public TimeSpan? CpuTime { get; init => field = Check.Positive(value); }

    /// <summary>How many bytes it may write, to both streams together; what is within the bound arrives. Default none. At least 1.</summary>
    public long? OutputBytes { get; init => field = Check.Positive(value); }

    /// <summary>How many processes it may have at one time, itself included. Looked at ten times a second. Default none. At least 1.</summary>
    public int? Processes { get; init => field = (int?)Check.Positive(value); }

    /// <summary>
    /// How many bytes of memory all its processes may hold together, what they keep in files in memory included; the kernel ends those that would pass it.
    /// Default none. At least 1 MiB. Needs a control group, see <see cref="CommandRunner.CanBoundMemory"/>.
    /// </summary>
    public long? MemoryBytes { get; init => field = value is < LeastMemoryBytes ? throw new ArgumentOutOfRangeException(nameof(value), value, "A bound of memory is at least 1 MiB.") : value; }

    /// <summary>How long its processes may take to end after SIGTERM before they get SIGKILL. Default one second.</summary>
    public TimeSpan Grace { get; init => field = Check.Positive(value)!.Value; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a process that the command left behind may hold its output in silence, after the command itself has ended. Default half a second.
    /// </summary>
    public TimeSpan Quiet { get; init => field = Check.Positive(value)!.Value; } = TimeSpan.FromMilliseconds(500);

    /// <summary>These bounds and another's: of each two the tighter one.</summary>
    internal CommandLimits And(CommandLimits other) => this with
    {
        Time = Least(Time, other.Time),
        CpuTime = Least(CpuTime, other.CpuTime),
        OutputBytes = Least(OutputBytes, other.OutputBytes),
        Processes = Least(Processes, other.Processes),
        MemoryBytes = Least(MemoryBytes, other.MemoryBytes),
    };

    private static T? Least<T>(T? one, T? other)
        where T : struct, IComparable<T> =>
        one is { } a && other is { } b ? (a.CompareTo(b) <= 0 ? a : b) : one ?? other;
}
