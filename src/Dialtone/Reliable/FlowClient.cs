using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Dialtone;

/// <summary>The calling end of a reliable flow. Its socket may change address at any time: the keys are who it is.</summary>
/// <remarks>Sends may overlap each other and the one receive.</remarks>
public sealed class FlowClient : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly Flow _flow; // under _gate
    private readonly FlowOptions _options;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly Lock _gate = new();
    private readonly byte[] _packet; // under _gate
    private readonly Channel<byte[]> _arrived = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _over = new();
    private readonly ITimer _timer;
    private long _timerAt = long.MaxValue; // under _gate
    private DatagramClient _socket;        // under _gate
    private Task _receiving;

    private FlowClient(FlowKeys keys, DatagramClient socket, FlowOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _begun = time.GetTimestamp();
        _socket = socket;
        _packet = new byte[options.MaxDatagramBytes];
        _flow = new Flow(keys, isServer: false, options, now: 0);
        _timer = time.CreateTimer(static self => ((FlowClient)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _receiving = ReceiveFromAsync(socket);
    }

    /// <summary>Why the flow ended; <see cref="FlowEnd.None"/> while it lives.</summary>
    public FlowEnd End
    {
        get
        {
            lock (_gate)
                return _flow.End;
        }
    }

    /// <summary>The measured round trip; zero before the first measurement.</summary>
    public TimeSpan RoundTrip
    {
        get
        {
            lock (_gate)
                return TimeSpan.FromMicroseconds(_flow.RoundTripMicroseconds);
        }
    }

    private long Now => (long)_time.GetElapsedTime(_begun).TotalMicroseconds;

    /// <summary>Opens the flow the keys stand for, and says hello.</summary>
    /// <param name="address">A datagram address.</param>
    /// <param name="keys">What the server handed out over a proven channel.</param>
    /// <param name="options">The bounds; as the server's, unless told otherwise.</param>
    /// <param name="time">Drives every time limit. Default the system's clock.</param>
    /// <param name="cancellationToken">Ends the wait for the name's address.</param>
    /// <exception cref="TransportException">The address is not known.</exception>
    public static async Task<FlowClient> ConnectAsync(
        Address address, FlowKeys keys, FlowOptions? options = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        DatagramClient socket = await DatagramClient.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        var client = new FlowClient(keys, socket, options ?? new FlowOptions(), time ?? TimeProvider.System);
        client.Greet();
        return client;
    }

    /// <summary>Sends a message and waits until the server has it.</summary>
    /// <param name="message">Not to be changed until this completes.</param>
    /// <param name="cancellationToken">Ends the wait; the message may still arrive.</param>
    /// <returns><see cref="FlowEnd.None"/> when it has arrived; otherwise why it was not acknowledged.</returns>
    /// <exception cref="ArgumentException">The message is longer than <see cref="FlowOptions.MaxMessageBytes"/>.</exception>
    public async ValueTask<FlowEnd> SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        if (message.Length > _options.MaxMessageBytes)
            throw new ArgumentException($"The message has {message.Length} bytes; the maximum is {_options.MaxMessageBytes}.", nameof(message));
        var done = new TaskCompletionSource<FlowEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_flow.End != FlowEnd.None)
                return _flow.End;
            _flow.Send(new FlowMessage(message, end => done.TrySetResult(end)), Now);
            Work();
        }

        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The messages of the server, in order, each once, until the flow ends.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (byte[] message in _arrived.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return message;
            lock (_gate)
            {
                _flow.Taken(message.Length);
                if (_flow.WakeAt() == 0)
                    Work();
            }
        }
    }

    /// <summary>Goes on from a new socket, as after a change of network.</summary>
    public async Task MoveAsync(Address address, CancellationToken cancellationToken = default)
    {
        DatagramClient socket = await DatagramClient.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        DatagramClient old;
        lock (_gate)
        {
            old = _socket;
            _socket = socket;
        }

        Task before = _receiving;
        _receiving = ReceiveFromAsync(socket);
        old.Dispose();
        await before.ConfigureAwait(false);
        Greet();
    }

    /// <summary>Ends the flow and tells the server.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_over.IsCancellationRequested)
                return;
            _flow.Close();
            Work();
        }

        await _over.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        lock (_gate)
            _flow.Rest();
        _socket.Dispose();
        _over.Dispose();
    }

    private async Task ReceiveFromAsync(DatagramClient socket)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                ReadOnlyMemory<byte> packet = await socket.ReceiveAsync(_over.Token).ConfigureAwait(false);
                lock (_gate)
                {
                    if (_flow.Receive(packet.Span, Now, out _))
                        Work();
                }
            }
            catch (TransportException)
            {
                lock (_gate)
                {
                    if (_socket != socket)
                        return; // the flow has moved on
                }

                // Nobody listens there now, or the network is down: time will tell, as it does for packets that are lost.
                await Task.Delay(RetryAfter, _time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Greet()
    {
        lock (_gate)
        {
            _flow.Greet();
            Work();
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _timerAt = long.MaxValue;
            if (!_over.IsCancellationRequested)
                Work();
        }
    }

    // Under _gate: sends what is due, hands on what has arrived, and sets the timer. What is told here runs elsewhere.
    private void Work()
    {
        long now = Now;
        while (_flow.Next(_packet, now) is > 0 and var length)
            _socket.TrySend(_packet.AsSpan(0, length));
        while (_flow.Take() is { } message)
            _arrived.Writer.TryWrite(message);
        foreach (FlowMessage message in _flow.TakeFinished() ?? [])
            message.Tell();
        if (_flow.End != FlowEnd.None)
            _arrived.Writer.TryComplete();
        long wake = _flow.WakeAt();
        if (wake >= _timerAt)
            return; // it rings early enough, and is set again then
        _timerAt = wake;
        _timer.Change(TimeSpan.FromMicroseconds(Math.Max(1000, wake - now)), Timeout.InfiniteTimeSpan);
    }
}
