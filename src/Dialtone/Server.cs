using Dialtone.Engines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone;

/// <summary>
/// A socket server: listens on any number of addresses and runs one handler for every caller, under the policy and within the limits its
/// options state.
/// </summary>
/// <remarks>
/// Its life: bind everything or nothing, accept, and at the end drain: accept no more, tell handlers through <see cref="Connection.Closing"/>,
/// let them finish until the deadline, cut the rest and report it. <see cref="StopAsync"/> may be called from anywhere, a handler included.
/// </remarks>
public sealed partial class Server : IAsyncDisposable
{
    /// <summary>How long handlers that were cut may take to notice before the report goes out without them.</summary>
    private static readonly TimeSpan UnwindTime = TimeSpan.FromSeconds(1);

    /// <summary>How many of those that were cut are told one by one in the log; the report has them all.</summary>
    private const int StragglersTold = 20;

    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly ConnectionHost _host;
    private readonly ConnectionTable _connections;
    private readonly List<ConnectionMiddleware> _middleware = [];
    private readonly List<StreamListener> _listeners = [];
    private readonly List<Task> _acceptLoops = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cutting = new(); // ends the waiting of a drain under way
    private readonly TaskCompletionSource<DrainReport> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly RejectionLog _rejections;
    private readonly TrustedNetworks _proxies;
    private ConnectionHandler? _handler;
    private bool _handlerBlocks;
    private ConnectionHandler _pipeline = static _ => Task.CompletedTask;
    private Engine? _engine;
    private InlineWatchdog? _watchdog;
    private Dispatcher? _dispatcher;
    private WorkerPool? _workers;  // the Process policy's, in the parent
    private WorkerLink? _link;     // the same, in a worker
    private TaskCompletionSource? _servedOne; // set when the one caller of HandleOneAsync has left
    private int _admitted;                    // counted for HandleOneAsync alone
    private Task? _stop;    // under _gate
    private bool _isStarted; // under _gate

    /// <summary>Makes a server; nothing is opened yet.</summary>
    public Server(ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _logger = options.LoggerFactory?.CreateLogger("Dialtone.Server") ?? NullLogger.Instance;
        Penalties = new PenaltyTable(options.Penalties, options.Time);
        _host = new ConnectionHost(options.Time, options.Limits, options.BufferPool ?? BlockPool.Shared, _logger)
        {
            Penalties = Penalties,
            Server = this,
            AdmitCaller = (connection, caller) => new ValueTask<CloseReason?>(AdmitCaller(connection, caller)),
        };
        _connections = new ConnectionTable(options.Limits);
        _rejections = new RejectionLog(_logger, _host.Clock);
        _proxies = new TrustedNetworks(options.TrustedProxies);
        WorkerNumber = options.Concurrency.Kind == ConcurrencyKind.Process ? WorkerProcess.NextNumber() : 0;
        _datagrams = new DatagramService(_host, options);
    }

    /// <summary>Listens on one address and serves it with the default options until <paramref name="stopping"/> fires.</summary>
    /// <returns>How the drain went.</returns>
    public static async Task<DrainReport> RunAsync(Address listen, ConnectionHandler handler, CancellationToken stopping = default)
    {
        var server = new Server(new ServerOptions { Listen = [listen] }).Handle(handler);
        await using (server.ConfigureAwait(false))
            return await server.RunAsync(stopping).ConfigureAwait(false);
    }

    /// <summary>What the server was made with.</summary>
    public ServerOptions Options => _options;

    /// <summary>The addresses listened on, with their real ports, in the order of <see cref="ServerOptions.Listen"/>; empty until started.</summary>
    public IReadOnlyList<Address> Addresses { get; private set; } = [];

    /// <summary>Connections open now.</summary>
    public int ActiveConnections => _connections.Count;

    /// <summary>Failures by address; shared by all listeners.</summary>
    public PenaltyTable Penalties { get; }

    /// <summary>Wraps a middleware around the handler; the first one added is the outermost.</summary>
    public Server Use(ConnectionMiddleware middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        ThrowIfStarted();
        _middleware.Add(middleware);
        return this;
    }

    /// <summary>Serves every connection with an asynchronous function.</summary>
    public Server Handle(ConnectionHandler handler) => SetHandler(handler, blocks: false);

    /// <summary>Serves every connection with a new <typeparamref name="THandler"/>.</summary>
    public Server Handle<THandler>()
        where THandler : StreamHandler, new() => Handle(static () => new THandler());

    /// <summary>Serves every connection with the handler that <paramref name="create"/> makes for it.</summary>
    public Server Handle(Func<StreamHandler> create) => SetHandler(connection => create().RunAsync(connection), blocks: false);

    /// <summary>Serves every connection with a function that blocks its thread.</summary>
    public Server HandleBlocking(BlockingHandler handler) => SetHandler(
        connection =>
        {
            handler(connection);
            return Task.CompletedTask;
        },
        blocks: true);

    /// <summary>Serves every connection with a new <typeparamref name="THandler"/> that blocks its thread.</summary>
    public Server HandleBlocking<THandler>()
        where THandler : BlockingStreamHandler, new() => HandleBlocking(static connection => new THandler().Run(connection));

    /// <summary>Serves every connection with the blocking handler that <paramref name="create"/> makes for it.</summary>
    public Server HandleBlocking(Func<BlockingStreamHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return HandleBlocking(connection => create().Run(connection));
    }

    private Server SetHandler(ConnectionHandler handler, bool blocks)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        (_handler, _handlerBlocks) = (handler, blocks);
        return this;
    }

    /// <summary>Binds every address and begins to accept; when one cannot be bound, none is.</summary>
    /// <exception cref="TransportException">An address is in use or cannot be bound; the message says which and why.</exception>
    /// <exception cref="InvalidOperationException">Started or stopped before, or nothing to listen on, no handler, or no certificate.</exception>
    /// <exception cref="TrustException">The certificate or its key cannot be read.</exception>
    /// <exception cref="NotSupportedException">The policy does not go with the handler or the kind of address.</exception>
    /// <exception cref="PlatformNotSupportedException">The policy or the engine needs Linux.</exception>
    /// <remarks>In a <see cref="WorkerProcess"/> it does not return: the worker serves what it is given and exits.</remarks>
    public Task StartAsync()
    {
        if (WorkerProcess.Current is { } link)
            return StartInWorkerAsync(link);
        lock (_gate)
        {
            ThrowIfStarted();
            if (_stop is not null)
                throw new InvalidOperationException("The server was stopped before it started; make a new one.");
            _isStarted = true;
        }

        if (_options.Listen.Count == 0)
            throw new InvalidOperationException("There is nothing to listen on: set ServerOptions.Listen.");
        foreach (ConnectionMiddleware middleware in _middleware)
            (middleware.Target as IServerStarting)?.Starting(_logger);
        _ = Instruments.Shared; // whoever watches finds them from the start, not from the first caller on
        Open();
        StartDatagrams();
        bool isAlone = _listeners.Count == 1;
        foreach (StreamListener listener in _listeners)
        {
            _logger.Listening(listener.Address);
            _acceptLoops.Add(new Acceptor(listener, _dispatcher!, Admit, _host.Clock.Time, _logger).StartAsync(isAlone, _stopping.Token));
        }

        return Task.CompletedTask;
    }

    /// <summary>Starts, serves until <paramref name="stopping"/> fires or <see cref="StopAsync"/> is called, and drains.</summary>
    /// <returns>How the drain went.</returns>
    public async Task<DrainReport> RunAsync(CancellationToken stopping = default)
    {
        await StartAsync().ConfigureAwait(false);
        CancellationTokenRegistration registration = stopping.UnsafeRegister(static server => _ = ((Server)server!).StopAsync(), this);
        await using (registration.ConfigureAwait(false))
            return await _stopped.Task.ConfigureAwait(false);
    }

    /// <summary>Starts, serves one caller to the end of its conversation (or handles one datagram), and drains. What Python calls <c>handle_request</c>.</summary>
    /// <param name="timeout">How long to wait for the caller; null for ever.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when nobody called in time.</returns>
    public async Task<bool> HandleOneAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        _servedOne = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _datagrams.HandleOnlyOne(_servedOne);
        await StartAsync().ConfigureAwait(false);
        try
        {
            await _servedOne.Task.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, _options.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            await StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Drains: accepts no more, tells the handlers, waits, cuts the rest. Later calls join the first.</summary>
    /// <param name="deadline">How long handlers may take; default <see cref="ServerOptions.DrainTimeout"/>. Zero cuts at once, <see cref="Timeout.InfiniteTimeSpan"/> waits for all.</param>
    /// <returns>Who finished and who was cut. Stragglers are a result, not an exception. A handler that calls this is not waited for.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The deadline is negative, or longer than timers can be: about 49 days.</exception>
    public Task<DrainReport> StopAsync(TimeSpan? deadline = null)
    {
        if (deadline is { } given && given != Timeout.InfiniteTimeSpan && (given < TimeSpan.Zero || given > Require.LongestTimer))
            throw new ArgumentOutOfRangeException(nameof(deadline), deadline, "The deadline must be from zero to 49 days, or Timeout.InfiniteTimeSpan.");
        if (_link is not null)
            return StopParentAsync(_link, deadline);
        if (Connection.Current is { } self && self.Host == _host)
            _connections.DoNotWaitFor(self);
        DoNotWaitForOwnDatagram();
        lock (_gate)
            _stop ??= EndAsync(deadline ?? _options.DrainTimeout, CloseReason.Drained);
        return _stopped.Task;
    }

    /// <summary>Cuts: whatever still runs is aborted now.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Connection.Current is { } self && self.Host == _host)
            _connections.DoNotWaitFor(self);
        DoNotWaitForOwnDatagram();
        lock (_gate)
            _stop ??= EndAsync(TimeSpan.Zero, CloseReason.Disposed);
        await _cutting.CancelAsync().ConfigureAwait(false);
        await _stopped.Task.ConfigureAwait(false);
    }

    private void Open()
    {
        bool isProcess = _options.Concurrency.Kind == ConcurrencyKind.Process;
        IReadOnlyList<IReadOnlyList<BoundSocket>> bound = SocketBinder.Bind(_options.Listen, _options.Socket);
        var addresses = new List<Address>();
        try
        {
            _dispatcher = Dispatcher.Create(_options.Concurrency.ForConnections(), _handlerBlocks);
            _pipeline = BuildPipeline();
            _engine = CreateEngine();
            if (_engine is EpollEngine epoll && _dispatcher.ReadyOn == ReadyOn.Loop)
                _watchdog = new InlineWatchdog(epoll.Loops, _options.InlineWarning, _logger, () => _connections.Count > 0);
            for (int i = 0; i < bound.Count; i++)
            {
                if (_options.Listen[i] is { Scheme: AddressScheme.Memory } memory)
                {
                    if (isProcess)
                        throw new NotSupportedException($"{memory} cannot be listened on under Concurrency.Process: its connections live inside one process.");
                    RequireHandler(memory, isDatagram: false);
                    _listeners.Add(new MemoryListener(memory, _options.Socket.Backlog, _dispatcher.ReadyOn));
                    addresses.Add(memory);
                    continue;
                }

                foreach (BoundSocket socket in bound[i])
                {
                    addresses.Add(socket.Address);
                    RequireHandler(socket.Address, socket.IsDatagram);
                    if (socket.IsDatagram)
                        ListenForDatagrams(socket);
                    else
                        _listeners.Add(_engine.Listen(socket, _options.Socket, _dispatcher.ReadyOn));
                }
            }

            if (isProcess)
            {
                _workers = new WorkerPool(_host, _options.Concurrency, WorkerNumber, StopForHandler);
                _pipeline = ServeInWorkerAsync; // the real one runs there
                _datagrams.HandleElsewhere(_workers.HandleAsync);
            }

            Addresses = addresses;
        }
        catch
        {
            foreach (StreamListener listener in _listeners)
                listener.Dispose();
            _listeners.Clear();
            _datagrams.Discard();
            foreach (BoundSocket socket in bound.SelectMany(static sockets => sockets))
                socket.Dispose();
            _dispatcher?.Dispose();
            _engine?.Dispose();
            throw;
        }
    }

    private Engine CreateEngine() => _options.Engine switch
    {
        // Under the Process policy the engine asked for is the workers'; accepting is the same for all.
        EngineKind.Sockets when _options.Concurrency.Kind != ConcurrencyKind.Process => new SocketsEngine(),
        EngineKind.Epoll when !OperatingSystem.IsLinux() =>
            throw new PlatformNotSupportedException("The Epoll engine needs Linux; use EngineKind.Sockets or Auto."),
        EngineKind.Auto when !OperatingSystem.IsLinux() => new SocketsEngine(),
        _ => new EpollEngine(_options.Loops, _dispatcher!.ReadyOn),
    };

    // ---- ending ----

    /// <summary>Drains; whoever waits for the end hears of it, whatever happens on the way.</summary>
    private async Task EndAsync(TimeSpan deadline, CloseReason reason)
    {
        try
        {
            _stopped.TrySetResult(await DrainAsync(deadline, reason).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            _stopped.TrySetException(e);
        }
    }

    private async Task<DrainReport> DrainAsync(TimeSpan deadline, CloseReason reason)
    {
        TimeProvider time = _host.Clock.Time;
        long started = time.GetTimestamp();
        // Not under the caller's lock, and not on an event loop that the rest may have to wait for.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        int before = _connections.Count + _datagrams.Work.Describe().Count;
        bool hasListened = Addresses.Count > 0; // one that never did has nothing to tell of its end
        if (hasListened)
            _logger.Stopping(before, deadline == Timeout.InfiniteTimeSpan ? double.PositiveInfinity : deadline.TotalSeconds);
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (StreamListener listener in _listeners)
            listener.Stop();
        if (!_datagrams.HearsWhileDraining || deadline == TimeSpan.Zero)
            _datagrams.Stop();
        await Task.WhenAll(_acceptLoops).ConfigureAwait(false);
        await CancelClosingAsync().ConfigureAwait(false);
        if (deadline != TimeSpan.Zero)
            await WaitForHandlersAsync(deadline).ConfigureAwait(false);

        IReadOnlyList<Straggler> stragglers = [.. _connections.Describe(_host.Clock.Now), .. _datagrams.Work.Describe()];
        _connections.AbortAll(_cutting.IsCancellationRequested ? CloseReason.Disposed : reason);
        _dispatcher?.Dispose();
        if (_datagrams.HearsWhileDraining)
            await _connections.WhenDrainedAsync(UnwindTime, time).ConfigureAwait(false); // those that were cut tell their peers in datagrams
        _datagrams.Close();
        await WhenDrainedAsync(UnwindTime).ConfigureAwait(false);
        if (_workers is not null)
            await _workers.StopAsync(before - stragglers.Count).ConfigureAwait(false);
        foreach (StreamListener listener in _listeners)
            listener.Dispose();
        if (_connections.Count == 0)
            _engine?.Dispose();
        else
            _connections.WhenEmpty(() => _engine?.Dispose());
        var report = new DrainReport(time.GetElapsedTime(started), before - stragglers.Count, stragglers);
        if (hasListened)
            Tell(report);
        return report;
    }

    private void Tell(DrainReport report)
    {
        foreach (Straggler each in report.Stragglers.Take(StragglersTold))
            _logger.Cut(each.Id, each.Remote, each.Age.TotalSeconds, each.Activity, each.BytesReceived, each.BytesSent);
        _logger.Stopped(report);
    }

    /// <summary>Waits until all have ended, the time is up, or the server is disposed; afterwards no datagrams are received either.</summary>
    private async Task WaitForHandlersAsync(TimeSpan deadline)
    {
        Task connections = _connections.WhenDrainedAsync(deadline, _host.Clock.Time, _cutting.Token);
        Task datagrams = _datagrams.Work.WhenDrainedAsync(deadline, _host.Clock.Time, _cutting.Token);
        await connections.ConfigureAwait(false);
        if (_datagrams.HearsWhileDraining)
            _datagrams.Stop();
        await datagrams.ConfigureAwait(false);
    }

    private Task WhenDrainedAsync(TimeSpan limit) => Task.WhenAll(
        _connections.WhenDrainedAsync(limit, _host.Clock.Time), _datagrams.Work.WhenDrainedAsync(limit, _host.Clock.Time));

    private async Task CancelClosingAsync()
    {
        try
        {
            await _host.Closing.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException e)
        {
            // A handler registered something that throws; the drain goes on.
            _logger.HookFailed(nameof(Connection.Closing), e);
        }
    }

    private void ThrowIfStarted()
    {
        if (_isStarted)
            throw new InvalidOperationException("The server was started before; make a new one.");
    }
}
