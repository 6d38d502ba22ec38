using System.Buffers;
using System.Net;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Everything about datagrams that one server has: its handler, its policy at work, its listeners and its sessions.</summary>
internal sealed class DatagramService
{
    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly List<DatagramListener> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _places;
    private readonly DatagramPool _pool;
    private DatagramHandler? _handler;
    private SessionHandler? _sessionHandler;
    private SessionTable? _sessions;
    private Dispatcher? _dispatcher;
    private SemaphoreSlim? _turn;
    private ConcurrencyKind _policy;
    private bool _blocks;
    private TaskCompletionSource? _onlyOne;
    private bool _warnsOfBlocking;
    private long _ticksOfWarning;

    public DatagramService(ConnectionHost host, ServerOptions options)
    {
        Host = host;
        _options = options;
        _logger = host.Logger;
        _places = new SemaphoreSlim(options.Limits.MaxQueuedDatagrams);
        _pool = new DatagramPool(this, options.Limits.MaxQueuedDatagrams);
    }

    public ConnectionHost Host { get; }

    /// <summary>Cancelled when nothing more is received.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Whether a server that drains still receives, as long as its connections last.</summary>
    public bool HearsWhileDraining { get; private set; }

    public DatagramWork Work { get; } = new();

    public bool HasHandler => _handler is not null || _sessionHandler is not null;

    public IReadOnlyList<DatagramListener> Listeners => _listeners;

    /// <summary>Whether replies of one batch may wait for each other: not where a handler may take its time, or others wait for their turn.</summary>
    public bool GathersReplies => _policy == ConcurrencyKind.Inline || (_policy == ConcurrencyKind.Sequential && !_blocks && _turn is null);

    public void Handle(DatagramHandler handler, bool blocks, bool whileDraining = false) =>
        (_handler, _sessionHandler, _blocks, HearsWhileDraining) = (handler, null, blocks, whileDraining);

    public void Handle(SessionHandler handler) => (_handler, _sessionHandler, _blocks, HearsWhileDraining) = (null, handler, false, false);

    /// <summary>Lets the handler run once, and tells when it has ended. What else arrives is ignored.</summary>
    public void HandleOnlyOne(TaskCompletionSource served)
    {
        _onlyOne = served;
        int taken = 0;
        if (_handler is { } handler)
            _handler = datagram => Interlocked.Exchange(ref taken, 1) == 0 ? Once(handler(datagram)) : default;
        else if (_sessionHandler is { } sessionHandler)
            _sessionHandler = session => Interlocked.Exchange(ref taken, 1) == 0 ? Once(new ValueTask(sessionHandler(session))).AsTask() : Task.CompletedTask;

        async ValueTask Once(ValueTask handling)
        {
            try
            {
                await handling.ConfigureAwait(false);
            }
            finally
            {
                served.TrySetResult();
            }
        }
    }

    /// <summary>Has another process run the handler.</summary>
    public void HandleElsewhere(DatagramHandler handOver)
    {
        _handler = handOver;
        if (_onlyOne is { } served)
            HandleOnlyOne(served);
    }

    /// <summary>In that other process: runs the handler.</summary>
    /// <param name="listener">What replies go through; closed at the end.</param>
    /// <param name="message">The datagram as <see cref="WorkerMessage.Datagram"/> writes it.</param>
    public async Task HandleHandedOverAsync(DatagramListener listener, byte[] message)
    {
        if (TryMakeReceiver(message.Length) is { } datagram)
        {
            int length = WorkerMessage.ReadDatagram(message, datagram);
            datagram.Lend(listener, length, message[9] == 1);
            Work.Add(datagram);
            await RunAsync(datagram).ConfigureAwait(false);
        }
        else
        {
            DatagramDrops.Count(CloseReason.MemoryLimit);
        }

        listener.Discard();
    }

    /// <summary>Takes over a bound socket; nothing is received until <see cref="Start"/>.</summary>
    /// <param name="socket">Owned by the listener from now on.</param>
    /// <param name="batches">Whether to receive and send many datagrams with one system call.</param>
    public void Listen(BoundSocket socket, bool batches)
    {
        _policy = _options.Concurrency.Kind;
        if (_policy == ConcurrencyKind.Process && _sessionHandler is not null)
            throw new NotSupportedException($"{socket.Address} cannot have sessions under Concurrency.Process: each datagram goes to a worker of its own.");
        _dispatcher ??= Dispatcher.Create(_options.Concurrency, _blocks);
        _listeners.Add(batches ? new BatchDatagramListener(this, socket) : new SocketDatagramListener(this, socket));
    }

    /// <summary>Receives on every listener.</summary>
    /// <param name="turn">What whoever has the sequential server's turn holds; null when there is nobody to share it with.</param>
    public void Start(SemaphoreSlim? turn)
    {
        _turn = turn;
        _warnsOfBlocking = _policy == ConcurrencyKind.Inline;
        _ticksOfWarning = (long)(_options.InlineWarning.TotalSeconds * Host.Clock.Time.TimestampFrequency);
        if (_sessionHandler is not null)
            _sessions = new SessionTable(this, _sessionHandler, _dispatcher!, turn, _policy == ConcurrencyKind.Inline);
        foreach (DatagramListener listener in _listeners)
            listener.Start();
    }

    /// <summary>Receives no more; sessions end when their queues are empty.</summary>
    public void Stop()
    {
        _stopping.Cancel();
        foreach (DatagramListener listener in _listeners)
            listener.Stop();
        _sessions?.EndAll(CloseReason.Drained);
    }

    /// <summary>Cuts: what waits is dropped, nothing is sent any more.</summary>
    public void Close()
    {
        _dispatcher?.Dispose();
        foreach (DatagramListener listener in _listeners)
            listener.Close();
    }

    /// <summary>Gives up listeners that never started.</summary>
    public void Discard()
    {
        foreach (DatagramListener listener in _listeners)
            listener.Discard();
        _listeners.Clear();
        _dispatcher?.Dispose();
    }

    /// <summary>A datagram for a receive loop, with a buffer of the longest datagram's size; null when the memory budget is used up.</summary>
    public Datagram? TryMakeReceiver(int bufferBytes)
    {
        if (Host.Budget.TryRent(bufferBytes) is not { } buffer)
            return null;
        Datagram datagram = _pool.Take();
        datagram.SetBuffer(buffer);
        return datagram;
    }

    /// <summary>Does with a received datagram what the policy says. The loop's own thread.</summary>
    /// <returns>The datagram to receive into next: the same one, or another when a handler keeps this one.</returns>
    public Datagram Deliver(DatagramListener listener, Datagram received)
    {
        if (_sessions is not null)
        {
            _sessions.Deliver(listener, received);
            received.Recall();
            return received;
        }

        if (_policy is ConcurrencyKind.Inline or ConcurrencyKind.Sequential)
            return HandleInTurn(listener, received);
        Dispatch(listener, received);
        received.Recall();
        return received;
    }

    /// <summary>A copy that outlives the loop's turn, lent; null, and counted, when the memory budget is used up.</summary>
    public Datagram? TryCopy(Datagram received)
    {
        ReadOnlyMemory<byte> payload = received.Payload;
        IMemoryOwner<byte>? buffer = null;
        if (payload.Length > 0)
        {
            buffer = Host.Budget.TryRent(payload.Length);
            if (buffer is null)
            {
                DatagramDrops.Count(CloseReason.MemoryLimit);
                return null;
            }

            payload.Span.CopyTo(buffer.Memory.Span);
        }

        Datagram copy = _pool.Take();
        copy.SetBuffer(buffer);
        PeerNames.Copy(received.Peer, copy.Peer);
        copy.Lend(received.Listener, payload.Length, received.Truncated);
        return copy;
    }

    /// <summary>Ends the loan and keeps the object for the next.</summary>
    public void Return(Datagram datagram)
    {
        datagram.Recall();
        if (datagram.TakeBuffer() is { } buffer)
            Host.Budget.Return(buffer);
        _pool.Return(datagram);
    }

    /// <summary>Runs the handler of a datagram that a policy was given. Never throws.</summary>
    public Task RunAsync(Datagram datagram)
    {
        ValueTask handling = Invoke(datagram);
        if (!handling.IsCompleted)
            return EndAsync(datagram, handling);
        Observe(datagram, handling);
        Ended(datagram);
        return Task.CompletedTask;
    }

    /// <summary>A policy had no room for it.</summary>
    public void Drop(Datagram datagram, CloseReason reason)
    {
        DatagramDrops.Count(reason);
        Ended(datagram);
    }

    /// <summary>A handler threw.</summary>
    public void Failed(Exception error, SocketAddress peer)
    {
        if (error is OperationCanceledException && Host.Closing.IsCancellationRequested)
            return; // the handler took the hint to stop
        Instruments.Shared.Errors.Add(1, Instruments.ErrorType(error));
        _logger.DatagramHandlerFailed(PeerNames.ToEndPoint(peer), error);
        try
        {
            _options.HandlerFailed?.Invoke(null, error);
        }
        catch (Exception e)
        {
            _logger.HookFailed(nameof(ServerOptions.HandlerFailed), e);
        }
    }

    /// <summary>Inline and Sequential: the handler runs here and now.</summary>
    private Datagram HandleInTurn(DatagramListener listener, Datagram received)
    {
        if (_turn is not null)
            _turn.Wait(Stopping);
        listener.Current = received;
        try
        {
            ValueTask handling = Invoke(received);
            if (handling.IsCompletedSuccessfully)
                handling.GetAwaiter().GetResult();
            else if (handling.IsCompleted)
                Observe(received, handling);
            else if (_policy == ConcurrencyKind.Inline && TryMakeReceiver(received.Buffer.Length) is { } replacement)
                return LetGo(listener, received, handling, replacement);
            else
                WaitFor(listener, received, handling);
        }
        finally
        {
            listener.Current = null;
            _turn?.Release();
        }

        if (_warnsOfBlocking && Host.Clock.Time.GetTimestamp() - received.Started > _ticksOfWarning)
            _logger.LoopBlocked(_options.InlineWarning.TotalSeconds);
        received.Recall();
        return received;
    }

    /// <summary>An inline handler waits for something: it goes on with its datagram, buffer and all, and the loop goes on with another.</summary>
    private Datagram LetGo(DatagramListener listener, Datagram received, ValueTask handling, Datagram replacement)
    {
        listener.Flush();
        received.HoldsPlace = true;
        Work.Part(listener, received);
        _ = EndAsync(received, handling);
        try
        {
            _places.Wait(Stopping);
        }
        catch (OperationCanceledException)
        {
            // The server stops; the loop will see it.
        }

        return replacement;
    }

    private void WaitFor(DatagramListener listener, Datagram received, ValueTask handling)
    {
        listener.Flush();
        try
        {
            handling.AsTask().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            Failed(e, received.Peer);
        }
    }

    private void Dispatch(DatagramListener listener, Datagram received)
    {
        ValueTask room = _dispatcher!.WaitForRoomAsync(Stopping);
        if (!room.IsCompletedSuccessfully)
            room.AsTask().GetAwaiter().GetResult();
        bool needsPlace = _policy == ConcurrencyKind.Task; // the other policies have a bound of their own
        if (needsPlace)
            _places.Wait(Stopping);
        if (TryCopy(received) is not { } copy)
        {
            _dispatcher.ReleaseRoom();
            if (needsPlace)
                _places.Release();
            return;
        }

        copy.HoldsPlace = needsPlace;
        copy.Started = Host.Clock.Time.GetTimestamp();
        Work.Add(copy);
        _dispatcher.Dispatch(copy);
    }

    private ValueTask Invoke(Datagram datagram)
    {
        datagram.Started = Host.Clock.Time.GetTimestamp();
        try
        {
            datagram.Enter();
            return _handler!(datagram);
        }
        catch (Exception e)
        {
            return ValueTask.FromException(e);
        }
    }

    private void Observe(Datagram datagram, ValueTask handling)
    {
        try
        {
            handling.GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            Failed(e, datagram.Peer);
        }
    }

    private async Task EndAsync(Datagram datagram, ValueTask handling)
    {
        try
        {
            await handling.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(e, datagram.Peer);
        }

        Ended(datagram);
    }

    private void Ended(Datagram datagram)
    {
        if (Instruments.Shared.HandlerSeconds.Enabled)
            Instruments.Shared.HandlerSeconds.Record(Host.Clock.Time.GetElapsedTime(datagram.Started).TotalSeconds);
        bool heldPlace = datagram.HoldsPlace;
        datagram.HoldsPlace = false;
        Work.Remove(datagram);
        Return(datagram);
        if (heldPlace)
            _places.Release();
    }
}
