namespace Dialtone;

/// <summary>Handles one datagram. Nothing is sent unless the handler replies.</summary>
/// <param name="datagram">Lent until the task ends: its payload and the object itself are used again after that.</param>
public delegate ValueTask DatagramHandler(Datagram datagram);

/// <summary>Serves one peer of a datagram address, from its first datagram to the end of its session.</summary>
/// <param name="session">The peer; what it sends comes in order.</param>
public delegate Task SessionHandler(DatagramSession session);
