namespace Dialtone.Files;

/// <summary>How much a session's home holds, and how much it may.</summary>
/// <param name="Used">What is there.</param>
/// <param name="Reserved">What uploads in progress and interrupted ones that are kept have set aside.</param>
/// <param name="Quota">What it may hold; null for no quota.</param>
public sealed record UsageReport(StoreUsage Used, StoreUsage Reserved, Quota? Quota)
{
    /// <summary>Bytes that can still be put; null for no limit.</summary>
    public long? FreeBytes => Quota?.Bytes is { } most ? Math.Max(0, most - Used.Bytes - Reserved.Bytes) : null;

    /// <summary>Files that can still be put; null for no limit.</summary>
    public long? FreeFiles => Quota?.Files is { } most ? Math.Max(0, most - Used.Files - Reserved.Files) : null;
}
