using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>Accepts with accept4 when its loop says that callers wait; without a loop it waits in the kernel itself.</summary>
internal sealed class EpollListener : StreamListener, IEpollSource
{
    private const int AcceptsWithoutYield = 64;

    private readonly EpollEngine _engine;
    private readonly EpollLoop? _loop;
    private readonly BoundSocket _socket;
    private readonly ListenOptions? _unixOptions; // where each connection needs to be told
    private readonly int _stop = -1; // without a loop: what wakes the thread that waits
    private readonly ReadyGate _gate = new();
    private readonly Lock _descriptorGate = new(); // accept and close must not overlap: the number could be another's by then
    private IReadyWaiter? _waiter;
    private int _reserve = OpenReserve();
    private int _accepted;
    private int _isDisposed;
    private volatile bool _ready = true;
    private volatile bool _stopped;

    public EpollListener(EpollEngine engine, EpollLoop? loop, BoundSocket socket, ListenOptions options)
        : base(socket.Address)
    {
        _engine = engine;
        _loop = loop;
        _socket = socket;
        // Linux hands a listening TCP socket's options down to the connections it accepts, and a Unix socket's not.
        bool isUnix = socket.Socket.AddressFamily == System.Net.Sockets.AddressFamily.Unix;
        if (!isUnix)
            ConnectionOptions.Apply(socket.Descriptor, isTcp: true, options);
        else if (options is { SendBufferBytes: not null } or { ReceiveBufferBytes: not null })
            _unixOptions = options;
        int flags = fcntl(socket.Descriptor, F_GETFL, 0);
        _ = fcntl(socket.Descriptor, F_SETFL, flags | O_NONBLOCK);
        if (loop is not null)
            loop.Add(this, socket.Descriptor, EPOLLIN | EPOLLET);
        else if ((_stop = eventfd(0, EFD_CLOEXEC)) < 0)
            throw OutOfDescriptors();
    }

    public override bool Blocks => _loop is null;

    int IEpollSource.Slot { get; set; } = -1;

    public override ValueTask<Transport?> AcceptAsync() => _loop is { } loop ? AcceptFromAsync(loop) : new ValueTask<Transport?>(Accept());

    /// <summary>Holds the thread until there is a caller.</summary>
    private unsafe Transport? Accept()
    {
        PollDescriptor* polled = stackalloc PollDescriptor[2];
        while (true)
        {
            if (TryAccept() is { } transport)
                return transport;
            if (_stopped)
                return null;
            polled[0] = new PollDescriptor { Descriptor = _socket.Descriptor, Events = POLLIN };
            polled[1] = new PollDescriptor { Descriptor = _stop, Events = POLLIN };
            _ = poll(polled, 2, -1);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Transport?> AcceptFromAsync(EpollLoop loop)
    {
        while (true)
        {
            if (_stopped)
                return null;
            if (_ready && _accepted < AcceptsWithoutYield)
            {
                _ready = false;
                if (TryAccept() is { } transport)
                {
                    _ready = true;
                    _accepted++;
                    return transport;
                }
            }

            await WaitAsync(loop).ConfigureAwait(false);
            _accepted = 0;
        }
    }

    private ValueTask WaitAsync(EpollLoop loop)
    {
        ValueTask wait = _gate.Arm();
        if (_ready)
        {
            // Callers still wait, but others on this thread come first.
            loop.CallLater(_gate);
            return wait;
        }

        Volatile.Write(ref _waiter, _gate);
        Interlocked.MemoryBarrier();
        if (_ready || _stopped)
            Wake();
        return wait;
    }

    private unsafe Transport? TryAccept()
    {
        byte* address = stackalloc byte[128];
        int length = 128;
        int descriptor;
        lock (_descriptorGate)
        {
            if (_stopped)
                return null;
            descriptor = accept4(_socket.Descriptor, address, &length, SOCK_CLOEXEC | (Blocks ? 0 : SOCK_NONBLOCK));
        }

        if (descriptor < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error is EAGAIN or EINTR)
                return null;
            _ready = true;
            throw error switch
            {
                // accept(2) passes on pending network errors of the caller; they say nothing about the listener.
                EPERM or EPROTO or ENOPROTOOPT or EOPNOTSUPP => new TransportException(TransportError.PeerReset, "The caller is gone.", error),
                _ => Error(error),
            };
        }

        if (_unixOptions is not null)
            ConnectionOptions.Apply(descriptor, isTcp: false, _unixOptions);
        try
        {
            PeerKey peer = PeerKey.FromSockAddr(new ReadOnlySpan<byte>(address, length));
            return Blocks
                ? new BlockingTransport(descriptor, peer, _socket.KeepsMessages)
                : new EpollTransport(_engine.NextLoop(), descriptor, peer, _socket.KeepsMessages);
        }
        catch
        {
            _ = close(descriptor);
            throw;
        }
    }

    public override unsafe void ShedOne()
    {
        lock (_descriptorGate)
        {
            if (_stopped || _reserve < 0)
                return;
            _ = close(_reserve);
            int descriptor = accept4(_socket.Descriptor, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (descriptor >= 0)
                _ = close(descriptor);
            _reserve = OpenReserve();
        }
    }

    private TransportException OutOfDescriptors()
    {
        TransportException error = Error(Marshal.GetLastPInvokeError());
        if (_reserve >= 0)
            _ = close(_reserve);
        return error;
    }

    private static int OpenReserve() => eventfd(0, EFD_CLOEXEC);

    public void OnEvents(uint events)
    {
        _ready = true;
        Interlocked.MemoryBarrier();
        Wake();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _waiter, null) is not { } waiter)
            return;
        _loop!.Call(waiter);
    }

    public override void Stop()
    {
        lock (_descriptorGate)
        {
            if (_stopped)
                return;
            _stopped = true;
            _loop?.Remove(this, _socket.Descriptor);
            if (_stop >= 0)
                Signal(_stop);
            _socket.Dispose();
            if (_reserve >= 0)
                _ = close(_reserve);
        }

        Wake();
    }

    public override void Dispose()
    {
        Stop();
        if (_stop >= 0 && Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _ = close(_stop); // nobody waits any more
    }
}
