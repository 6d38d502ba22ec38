namespace Dialtone;

/// <summary>How <see cref="HmacChallenge"/> asks.</summary>
public sealed record HmacChallengeOptions
{
    /// <summary>The keys that open; any of them does.</summary>
    public required HmacKeyring Keys { get; init; }

    /// <summary>The digest both sides use. Default <see cref="HmacDigest.Sha256"/>.</summary>
    public HmacDigest Digest { get; init; }

    /// <summary>The time for the whole exchange. Default <see cref="ServerLimits.Handshake"/> (10 s).</summary>
    public TimeSpan? TimeLimit { get; init => field = Require.Positive(value); }

    /// <summary>The time from the first byte of an answer to its last: an answer too short for the digest, or a caller who
    /// skips the step and says hello, is not kept waiting for the whole limit. Default 1 s.</summary>
    public TimeSpan RestLimit { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(1);
}
