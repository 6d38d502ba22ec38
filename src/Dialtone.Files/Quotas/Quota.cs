namespace Dialtone.Files;

/// <summary>How much a folder may hold. Null means that this is not limited; 0 means nothing at all.</summary>
public sealed record Quota
{
    /// <summary>A quota.</summary>
    /// <param name="bytes">The sum of its files' sizes. At least 0; null for no limit.</param>
    /// <param name="files">Regular files in it. At least 0; null for no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">A figure is negative.</exception>
    public Quota(long? bytes, long? files = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes ?? 0, nameof(bytes));
        ArgumentOutOfRangeException.ThrowIfNegative(files ?? 0, nameof(files));
        (Bytes, Files) = (bytes, files);
    }

    /// <summary>The sum of its files' sizes; null for no limit.</summary>
    public long? Bytes { get; }

    /// <summary>Regular files in it; null for no limit.</summary>
    public long? Files { get; }

    /// <summary>Whether anything is limited.</summary>
    public bool IsLimit => Bytes is not null || Files is not null;

    /// <summary>The stricter of both, figure by figure.</summary>
    internal static Quota? Stricter(Quota? a, Quota? b) => a is null ? b : b is null ? a : new Quota(Least(a.Bytes, b.Bytes), Least(a.Files, b.Files));

    private static long? Least(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
