namespace Dialtone;

/// <summary>What is done to datagrams in one direction. Chances are between 0 (never, the default) and 1 (always).</summary>
public sealed record ChaosDatagrams
{
    /// <summary>The chance that a datagram is lost.</summary>
    public double Loss { get; init; }

    /// <summary>The chance that a datagram arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>The chance that a datagram is held back until the next one has passed it, or <see cref="MaxHold"/>.</summary>
    public double Reordering { get; init; }

    /// <summary>The chance that one bit of a datagram is turned over. UDP's own checksum hides such a thing; a faulty router does not.</summary>
    public double Corruption { get; init; }

    /// <summary>How long every datagram is under way. Default not at all.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>A further delay between nothing and this, chosen for each datagram: enough of it changes their order. Default none.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How long a datagram is held back that no other one follows. Default 50 ms.</summary>
    public TimeSpan MaxHold { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The datagrams of each client let through before the line is cut; null for all. At least 0.</summary>
    public long? CutAfter { get; init; }

    /// <summary>Datagrams longer than this are lost, as on a path with a small MTU; null for no limit. At least 0.</summary>
    public int? MaxBytes { get; init; }

    internal void Validate()
    {
        foreach (double chance in (ReadOnlySpan<double>)[Loss, Duplication, Reordering, Corruption])
        {
            if (chance is not (>= 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(chance), chance, "A chance is between 0 and 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(Delay, TimeSpan.Zero, nameof(Delay));
        ArgumentOutOfRangeException.ThrowIfLessThan(Jitter, TimeSpan.Zero, nameof(Jitter));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxHold, TimeSpan.Zero, nameof(MaxHold));
        ArgumentOutOfRangeException.ThrowIfNegative(CutAfter ?? 0, nameof(CutAfter));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBytes ?? 0, nameof(MaxBytes));
    }
}
