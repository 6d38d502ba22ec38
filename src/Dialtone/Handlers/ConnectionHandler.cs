namespace Dialtone;

/// <summary>Serves one connection; the connection is closed in order when the task ends.</summary>
/// <param name="connection">The caller.</param>
public delegate Task ConnectionHandler(Connection connection);

/// <summary>Serves one connection on a thread that may block; the connection is closed in order on return.</summary>
/// <param name="connection">The caller; its reads and writes block.</param>
public delegate void BlockingHandler(Connection connection);

/// <summary>Wraps the rest of the pipeline around one connection; it may look, change, refuse (by not calling <paramref name="next"/>) or clean up after.</summary>
/// <param name="connection">The caller.</param>
/// <param name="next">The rest of the pipeline, ending in the handler.</param>
public delegate Task ConnectionMiddleware(Connection connection, ConnectionHandler next);
