namespace Dialtone;

/// <summary>The bounds of a JSON header and its body.</summary>
public sealed record JsonHeaderOptions
{
    internal static JsonHeaderOptions Default { get; } = new();

    /// <summary>Longest header, in bytes of JSON. Default 64 KiB. At least 2.</summary>
    public int MaxHeaderBytes { get; init => field = Require.InRange(value, 2, int.MaxValue); } = 64 * 1024;

    /// <summary>Deepest nesting of the header's JSON. Default 16, 1 to 64.</summary>
    public int MaxDepth { get; init => field = Require.InRange(value, 1, 64); } = 16;

    /// <summary>
    /// Longest body, in bytes. Default without bound, since a body is streamed and never held in memory. At least 0.
    /// </summary>
    public long MaxBodyBytes { get; init => field = Require.AtLeast(value, 0); } = long.MaxValue;

    /// <summary>
    /// How much of a body left unread is skipped to reach the next header, in bytes, before the connection is given up.
    /// Default 1 MiB. At least 0.
    /// </summary>
    public long MaxSkippedBytes { get; init => field = Require.AtLeast(value, 0); } = 1024 * 1024;
}
