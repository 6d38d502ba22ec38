namespace Dialtone;

/// <summary>A rate below which a peer in mid-transfer is cut off.</summary>
/// <param name="BytesPerSecond">Bytes both ways per second, at least 1.</param>
/// <param name="Grace">How long a peer may stay below it. At least one second.</param>
public readonly record struct MinimumRate(int BytesPerSecond, TimeSpan Grace);

/// <summary>
/// The bounds of a server. Each holds before anybody has logged in; passing one closes the connection and counts under its <see cref="CloseReason"/>.
/// </summary>
/// <remarks>Null means no limit. A deadline is never met early, and late by about an eighth of its length at most (at least 100 ms, at most two seconds).</remarks>
public sealed record ServerLimits
{
    /// <summary>Connections at one time, over all listeners. Further callers are closed at once. Default 10,000. At least 1.</summary>
    public int MaxConnections { get; init => field = Require.Positive(value); } = 10_000;

    /// <summary>Connections at one time from one address (IPv6: from one /64). Default none. At least 1.</summary>
    public int? MaxPerAddress { get; init => field = Require.Positive(value); }

    /// <summary>The time for TLS and for authentication, each. Default 10 s, as Kestrel's TLS handshake.</summary>
    public TimeSpan Handshake { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(10);

    /// <summary>The time until the first byte, from when the policy serves the caller. Default none: a person may be typing it.</summary>
    public TimeSpan? FirstByte { get; init => field = Require.Positive(value); }

    /// <summary>The longest silence, both ways together, while the caller is served. Default none.</summary>
    public TimeSpan? Idle { get; init => field = Require.Positive(value); }

    /// <summary>The longest one read may wait. Default none. Starting value of <see cref="Connection.ReadTimeout"/>.</summary>
    public TimeSpan? Read { get; init => field = Require.Positive(value); }

    /// <summary>The longest one write may wait without progress, which is how long a peer may refuse to read. Default one minute. Starting value of <see cref="Connection.WriteTimeout"/>.</summary>
    public TimeSpan? Write { get; init => field = Require.Positive(value); } = TimeSpan.FromMinutes(1);

    /// <summary>The slowest a peer may send or take a message that has begun. Default none; Kestrel's is 240 bytes/s after 5 s.</summary>
    public MinimumRate? MinimumRate { get; init; }

    /// <summary>How long a closing connection takes and drops what its peer still sends, so that the last reply is not lost to a reset. Default 2 s.</summary>
    public TimeSpan Linger { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(2);

    /// <summary>The memory budget: bytes that all connections together may hold in buffers. Default 256 MiB. At least 64 KiB.</summary>
    public long MaxBufferBytes { get; init => field = Require.AtLeast(value, 64 * 1024); } = 256L * 1024 * 1024;

    /// <summary>The longest datagram taken whole, in bytes; longer ones arrive cut and marked. Default 65,507, the most UDP over IPv4 can carry. 1 to 65,535.</summary>
    public int MaxDatagramBytes { get; init => field = Require.InRange(value, 1, 65_535); } = 65_507;

    /// <summary>Datagrams that wait for a handler, over all listeners. Default 1,024. At least 1.</summary>
    public int MaxQueuedDatagrams { get; init => field = Require.Positive(value); } = 1024;

    /// <summary>Datagram sessions at one time. The least recently heard from makes room. Default 10,000. At least 1.</summary>
    public int MaxSessions { get; init => field = Require.Positive(value); } = 10_000;

    /// <summary>How long a datagram session lasts without a datagram. Default one minute.</summary>
    public TimeSpan SessionIdle { get; init => field = Require.Positive(value); } = TimeSpan.FromMinutes(1);

    /// <summary>Datagrams that wait for one session's handler; the oldest makes room. Default 64. At least 1.</summary>
    public int MaxQueuedPerSession { get; init => field = Require.Positive(value); } = 64;
}
