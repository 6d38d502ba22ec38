namespace Dialtone;

/// <summary>How <see cref="ChannelBoundChallenge"/> asks.</summary>
public sealed record ChannelBoundChallengeOptions
{
    /// <summary>The keys that open, each under its id; at least 16 bytes each.</summary>
    public required HmacKeyring Keys { get; init; }

    /// <summary>The time for the whole exchange. Default <see cref="ServerLimits.Handshake"/> (10 s).</summary>
    public TimeSpan? TimeLimit { get; init => field = Require.Positive(value); }
}
