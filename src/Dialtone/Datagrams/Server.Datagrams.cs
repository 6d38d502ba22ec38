using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

public sealed partial class Server
{
    private readonly DatagramService _datagrams;

    /// <summary>Handles every datagram with an asynchronous function.</summary>
    /// <remarks>
    /// The policy's meaning for datagrams. Sequential: one handler at a time over the server. Inline: in the receive loop, which it must not block;
    /// one that has to wait goes on by itself. Task: on the thread pool, at most <see cref="ServerLimits.MaxQueuedDatagrams"/> under way.
    /// Thread: a thread each. Pool: at most n, the rest in its queue. Process: a worker process each; sessions are refused there.
    /// Where a policy waits for room, the kernel's buffer is the queue.
    /// </remarks>
    /// <param name="handler">The function.</param>
    /// <param name="whileDraining">
    /// Whether a server that drains still receives, until its last connection has ended: for datagrams that belong to conversations which a connection began,
    /// as with <see cref="FlowServer"/>. Default not.
    /// </param>
    public Server HandleDatagrams(DatagramHandler handler, bool whileDraining = false) => SetHandler(handler, blocks: false, whileDraining);

    /// <summary>Handles every datagram with a new <typeparamref name="THandler"/>.</summary>
    public Server HandleDatagrams<THandler>()
        where THandler : DatagramRequestHandler, new() => HandleDatagrams(static () => new THandler());

    /// <summary>Handles every datagram with the handler that <paramref name="create"/> makes for it.</summary>
    public Server HandleDatagrams(Func<DatagramRequestHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return HandleDatagrams(datagram => create().RunAsync(datagram));
    }

    /// <summary>Handles every datagram with a function that blocks its thread.</summary>
    public Server HandleDatagramsBlocking(Action<Datagram> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return SetHandler(
            datagram =>
            {
                handler(datagram);
                return default;
            },
            blocks: true);
    }

    /// <summary>Handles every datagram with a new <typeparamref name="THandler"/> that blocks its thread.</summary>
    public Server HandleDatagramsBlocking<THandler>()
        where THandler : BlockingDatagramRequestHandler, new() => HandleDatagramsBlocking(static datagram => new THandler().Run(datagram));

    /// <summary>Serves every peer of the datagram addresses with an asynchronous function: one session per peer.</summary>
    /// <remarks>A session is what the policy counts and runs: under Pool(n), n sessions are served at a time, and the next one begins when one has ended.</remarks>
    public Server HandleSessions(SessionHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _datagrams.Handle(handler);
        return this;
    }

    /// <summary>Serves every peer of the datagram addresses with a new <typeparamref name="THandler"/>.</summary>
    public Server HandleSessions<THandler>()
        where THandler : DatagramSessionHandler, new() => HandleSessions(static () => new THandler());

    /// <summary>Serves every peer of the datagram addresses with the handler that <paramref name="create"/> makes for it.</summary>
    public Server HandleSessions(Func<DatagramSessionHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return HandleSessions(session => create().RunAsync(session));
    }

    private Server SetHandler(DatagramHandler handler, bool blocks, bool whileDraining = false)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _datagrams.Handle(handler, blocks, whileDraining);
        return this;
    }

    private void RequireHandler(Address address, bool isDatagram)
    {
        if (isDatagram && !_datagrams.HasHandler)
            throw new InvalidOperationException($"There is no handler for {address}: call HandleDatagrams, HandleDatagramsBlocking or HandleSessions before starting.");
        if (!isDatagram && _handler is null)
            throw new InvalidOperationException($"There is no handler for {address}: call Handle or HandleBlocking before starting.");
    }

    /// <summary>Takes a bound datagram socket over from <see cref="Open"/>.</summary>
    private void ListenForDatagrams(BoundSocket socket) => _datagrams.Listen(socket, batches: _engine is EpollEngine);

    private void StartDatagrams()
    {
        foreach (DatagramListener listener in _datagrams.Listeners)
            _logger.Listening(listener.Address);
        _datagrams.Start(ShareTurn());
    }

    /// <summary>Under Sequential one conversation or datagram runs at a time over the whole server: where more than one socket brings them, they take turns.</summary>
    private SemaphoreSlim? ShareTurn()
    {
        bool isAlone = _datagrams.Listeners.Count + _listeners.Count <= 1;
        if (_options.Concurrency.Kind != ConcurrencyKind.Sequential || _datagrams.Listeners.Count == 0 || isAlone)
            return null;
        var turn = new SemaphoreSlim(1);
        ConnectionHandler pipeline = _pipeline;
        _pipeline = async connection =>
        {
            await turn.WaitAsync().ConfigureAwait(false);
            try
            {
                await pipeline(connection).ConfigureAwait(false);
            }
            finally
            {
                turn.Release();
            }
        };
        return turn;
    }

    /// <summary>A datagram's or a session's handler that stops its own server is not waited for.</summary>
    private void DoNotWaitForOwnDatagram()
    {
        if (DatagramWork.Current is not { } self || self.Service != _datagrams)
            return;
        _datagrams.Work.DoNotWaitFor(self);
        if (self is Datagram datagram && ReferenceEquals(datagram.Listener.Current, datagram))
            _datagrams.Work.DoNotWaitFor(datagram.Listener);
    }
}
