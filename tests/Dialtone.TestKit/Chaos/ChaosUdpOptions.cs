namespace Dialtone;

/// <summary>What a <see cref="ChaosUdpProxy"/> does. The same options and the same datagrams make the same chaos.</summary>
public sealed record ChaosUdpOptions
{
    /// <summary>Chooses everything that is left to chance; each client and direction has a series of its own. Print it where it is random. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What is done to datagrams on the way to the server.</summary>
    public ChaosDatagrams ToServer { get; init; } = new();

    /// <summary>What is done to datagrams on the way to the client.</summary>
    public ChaosDatagrams ToClient { get; init; } = new();

    /// <summary>Clients at one time; the datagrams of further ones are lost. Default 1,024. At least 1.</summary>
    public int MaxClients { get; init; } = 1024;

    /// <summary>Datagrams under way at one time; further ones are lost. Default 4,096. At least 1.</summary>
    public int MaxUnderWay { get; init; } = 4096;

    /// <summary>Where delays take their time from. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the target may be another machine. Default false.</summary>
    public bool AllowRemote { get; init; }
}
