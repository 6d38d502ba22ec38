namespace Dialtone;

/// <summary>What a <see cref="ChaosUdpProxy"/> has done so far, both directions together.</summary>
/// <param name="Received">Datagrams that came in.</param>
/// <param name="Sent">Datagrams that went out, duplicates included.</param>
/// <param name="Lost">Those lost: by chance, by the cut, by their length, or by a bound of the proxy.</param>
/// <param name="Duplicated">Those sent twice.</param>
/// <param name="Reordered">Those held back.</param>
/// <param name="Corrupted">Those with a bit turned over.</param>
public readonly record struct ChaosCounts(long Received, long Sent, long Lost, long Duplicated, long Reordered, long Corrupted);
