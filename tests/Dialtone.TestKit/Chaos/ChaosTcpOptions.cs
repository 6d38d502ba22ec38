namespace Dialtone;

/// <summary>What a <see cref="ChaosTcpProxy"/> does. The same options and the same bytes make the same chaos.</summary>
public sealed record ChaosTcpOptions
{
    /// <summary>Chooses everything that is left to chance; each connection and direction has a series of its own. Print it where it is random. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What is done to bytes on the way to the server.</summary>
    public ChaosFlow ToServer { get; init; } = new();

    /// <summary>What is done to bytes on the way to the client.</summary>
    public ChaosFlow ToClient { get; init; } = new();

    /// <summary>Connections at one time; further ones are reset. Default 1,024. At least 1.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Where delays and bandwidth take their time from. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the target may be another machine. Default false.</summary>
    public bool AllowRemote { get; init; }
}
