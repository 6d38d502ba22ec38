using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>Something with a descriptor that a loop watches.</summary>
internal interface IEpollSource
{
    /// <summary>Where the loop keeps this source; −1 while it is not watched. The loop's to write.</summary>
    int Slot { get; set; }

    /// <summary>Called on the loop thread with the EPOLL bits. Must not block and must not throw.</summary>
    void OnEvents(uint events);
}

/// <summary>
/// Waits for readiness and calls whom it concerns. Edge-triggered; a source is registered once for its whole life.
/// </summary>
/// <remarks>
/// Under <see cref="ReadyOn.Loop"/> callbacks run on the loop's own thread. Under <see cref="ReadyOn.Pool"/> the loop hands what is ready to a
/// worker of the thread pool; while there is much to do that worker also looks for more itself, and the loop's thread sleeps: one thread
/// that reads and serves costs half of two that wake each other for every message. A worker that a handler holds up is noticed within a
/// millisecond or two, and the loop's thread takes over again.
/// </remarks>
internal sealed unsafe class EpollLoop : IDisposable, IThreadPoolWorkItem
{
    private const int MaxEvents = 512;
    private const int PollsPerTurn = 64;   // looks for more before the worker lets other work of the pool come first
    private const int ParkMilliseconds = 1;
    private const int CacheLine = 64;
    private const int ConnectionBytes = 12 * CacheLine; // transport, connection, reader, and what the handler keeps while it waits
    private const ulong WakeData = ulong.MaxValue;
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    [ThreadStatic]
    private static EpollLoop? CurrentLoop;

    private readonly ReadyOn _readyOn;
    private readonly int _epoll;
    private readonly int _wake;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly ConcurrentQueue<IReadyWaiter> _ready = new();
    private readonly object _park = new();         // a monitor: the loop's thread waits on it
    private readonly Lock _gate = new();
    private readonly Stack<int> _freeSlots = new(); // under _gate
    private IEpollSource?[] _sources = new IEpollSource?[64];
    private uint[] _generations = new uint[64];     // tells a stale event from one for the slot's new owner
    private int _slots;                             // under _gate
    private int _wakePending;
    private int _workerRequested;
    private bool _isParked;                         // under _park
    private volatile bool _workersPoll;
    private long _polls;                            // by workers; what the parked thread looks at
    private int _pollingWorkers;
    private volatile bool _stopped;
    private long _turn;

    public EpollLoop(string name, ReadyOn readyOn)
    {
        _readyOn = readyOn;
        _epoll = epoll_create1(EPOLL_CLOEXEC);
        if (_epoll < 0)
            throw Error(Marshal.GetLastPInvokeError());
        _wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (_wake < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = close(_epoll);
            throw Error(error);
        }

        Control(EPOLL_CTL_ADD, _wake, EPOLLIN | EPOLLET, WakeData);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>The loop whose thread this is, if any.</summary>
    public static EpollLoop? Current => CurrentLoop;

    /// <summary>Counts the turns of the loop; odd while callbacks run on its thread. What the watchdog reads.</summary>
    public long Turn => Volatile.Read(ref _turn);

    /// <summary>Watches a descriptor for everything, edge-triggered, until <see cref="Remove"/>.</summary>
    public void Add(IEpollSource source, int descriptor, uint events)
    {
        ulong data;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            int slot = _freeSlots.TryPop(out int free) ? free : _slots++;
            if (slot == _sources.Length)
            {
                // The generations first: whoever sees the larger sources must find a generation for each.
                Array.Resize(ref _generations, slot * 2);
                Interlocked.MemoryBarrier();
                Array.Resize(ref _sources, slot * 2);
            }

            _sources[slot] = source;
            source.Slot = slot;
            data = ((ulong)_generations[slot] << 32) | (uint)slot;
        }

        if (!Control(EPOLL_CTL_ADD, descriptor, events, data))
        {
            int error = Marshal.GetLastPInvokeError();
            Forget(source);
            throw Error(error);
        }
    }

    /// <summary>Watches for other events from now on; what is true of them already is told anew. The caller keeps the descriptor open.</summary>
    public void Change(IEpollSource source, int descriptor, uint events)
    {
        int slot = source.Slot;
        if (slot >= 0)
            Control(EPOLL_CTL_MOD, descriptor, events, ((ulong)Volatile.Read(ref _generations)[slot] << 32) | (uint)slot);
    }

    /// <summary>Stops watching. The descriptor is closed by its owner right after, which also takes it out of the kernel's set.</summary>
    public void Remove(IEpollSource source, int descriptor)
    {
        if (source.Slot < 0)
            return;
        if (!_stopped)
            Control(EPOLL_CTL_DEL, descriptor, 0, 0);
        Forget(source);
    }

    private void Forget(IEpollSource source)
    {
        lock (_gate)
        {
            int slot = source.Slot;
            if (slot < 0)
                return;
            source.Slot = -1;
            _sources[slot] = null;
            _generations[slot] = (_generations[slot] + 1) & 0x7FFF_FFFF; // never all ones: that is WakeData
            _freeSlots.Push(slot);
        }
    }

    /// <summary>Runs a work item on the loop's thread, soon.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        _posted.Enqueue(work);
        Wake();
    }

    /// <summary>Calls a waiter where waiters run: here and now on the loop's own thread, or soon.</summary>
    public void Call(IReadyWaiter waiter)
    {
        if (_readyOn != ReadyOn.Loop)
        {
            _ready.Enqueue(waiter);
            RequestWorker();
        }
        else if (CurrentLoop == this)
        {
            waiter.OnReady();
        }
        else
        {
            Post(waiter);
        }
    }

    /// <summary>Calls a waiter soon, after others had their turn.</summary>
    public void CallLater(IReadyWaiter waiter)
    {
        if (_readyOn == ReadyOn.Loop)
            Post(waiter);
        else
            Call(waiter);
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            ulong one = 1;
            _ = write(_wake, &one, sizeof(ulong));
        }
    }

    // ---- the loop's own thread ----

    private void Run()
    {
        CurrentLoop = this;
        while (!_stopped)
        {
            int handled = Poll(timeout: -1);
            if (_readyOn == ReadyOn.Pool && (handled > 1 || _workersPoll))
                Park();
        }
    }

    /// <summary>Sleeps while workers do the looking; returns when they have run dry, or one of them is stuck in a handler.</summary>
    private void Park()
    {
        lock (_park)
        {
            _isParked = true;
            long seen;
            do
            {
                seen = Volatile.Read(ref _polls);
                if (_ready.IsEmpty && Volatile.Read(ref _workerRequested) == 0 && !_workersPoll)
                    break;
                Monitor.Wait(_park, ParkMilliseconds);
            }
            while (_isParked && !_stopped && seen != Volatile.Read(ref _polls));
            _isParked = false;
        }
    }

    /// <summary>Collects events once and acts on them: how many there were.</summary>
    private int Poll(int timeout)
    {
        // Big enough for either layout of the event.
        var buffer = stackalloc byte[MaxEvents * sizeof(AlignedEpollEvent)];
        int count = epoll_wait(_epoll, buffer, MaxEvents, timeout);
        if (count <= 0)
            return 0;
        bool isOwnThread = CurrentLoop == this;
        if (isOwnThread)
            Volatile.Write(ref _turn, _turn + 1);
        for (int i = 0; i < count; i++)
        {
            (uint events, ulong data) = IsPacked
                ? (((PackedEpollEvent*)buffer)[i].Events, ((PackedEpollEvent*)buffer)[i].Data)
                : (((AlignedEpollEvent*)buffer)[i].Events, ((AlignedEpollEvent*)buffer)[i].Data);
            if (i + 1 < count)
                Prefetch((int)(IsPacked ? ((PackedEpollEvent*)buffer)[i + 1].Data : ((AlignedEpollEvent*)buffer)[i + 1].Data));
            if (data == WakeData)
                RunPosted();
            else if (Volatile.Read(ref _sources)[(int)(uint)data] is { } source && _generations[(int)(uint)data] == (uint)(data >> 32))
                Tell(source, events);
        }

        if (isOwnThread)
            Volatile.Write(ref _turn, _turn + 1);
        return count;
    }

    /// <summary>
    /// Asks for what the next connection needs while this one is served: among many, the caches have forgotten it. Its objects were made one
    /// after another, and the collector keeps their order.
    /// </summary>
    private void Prefetch(int slot)
    {
        IEpollSource?[] sources = _sources;
        if (!Sse.IsSupported || (uint)slot >= (uint)sources.Length || sources[slot] is not { } source)
            return;
        byte* start = *(byte**)Unsafe.AsPointer(ref source); // the object may move away meanwhile, which costs the gain only
        for (int offset = 0; offset < ConnectionBytes; offset += CacheLine)
            Sse.Prefetch0(start + offset);
    }

    private static void Tell(IEpollSource source, uint events)
    {
        // Nearly all are connections: a comparison and a direct call, where an interface of several classes costs a search.
        if (source is EpollTransport connection)
            connection.OnEvents(events);
        else
            source.OnEvents(events);
    }

    private void RunPosted()
    {
        ulong ignored;
        _ = read(_wake, &ignored, sizeof(ulong));
        Volatile.Write(ref _wakePending, 0);
        Interlocked.MemoryBarrier();
        while (_posted.TryDequeue(out IThreadPoolWorkItem? work))
            work.Execute();
    }

    // ---- workers of the thread pool ----

    private void RequestWorker()
    {
        if (Volatile.Read(ref _workerRequested) == 0 && Interlocked.Exchange(ref _workerRequested, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>A worker's turn: serves what is ready, then looks for more while the loop's own thread sleeps.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _workerRequested, 0);
        Interlocked.MemoryBarrier();
        for (int polls = 0; ;)
        {
            while (_ready.TryDequeue(out IReadyWaiter? waiter))
            {
                // The handler may block: somebody else must be able to serve the rest.
                if (!_ready.IsEmpty)
                    RequestWorker();
                waiter.OnReady();
            }

            if (!Volatile.Read(ref _isParked))
            {
                _workersPoll = false;
                return;
            }

            if (++polls > PollsPerTurn)
            {
                RequestWorker();
                return;
            }

            _workersPoll = true;
            Volatile.Write(ref _polls, _polls + 1);
            if (PollAsWorker() == 0)
                break;
        }

        // Nothing more: back to the thread that can wait for it.
        _workersPoll = false;
        lock (_park)
        {
            if (_isParked)
            {
                _isParked = false;
                Monitor.Pulse(_park);
            }
        }
    }

    /// <summary>Looks for more, unless the loop is being closed: its descriptor must not be used after that.</summary>
    private int PollAsWorker()
    {
        Interlocked.Increment(ref _pollingWorkers);
        int count = _stopped ? 0 : Poll(timeout: 0);
        Interlocked.Decrement(ref _pollingWorkers);
        return count;
    }

    private bool Control(int operation, int descriptor, uint events, ulong data)
    {
        if (IsPacked)
        {
            var packed = new PackedEpollEvent { Events = events, Data = data };
            return epoll_ctl(_epoll, operation, descriptor, &packed) == 0;
        }

        var aligned = new AlignedEpollEvent { Events = events, Data = data };
        return epoll_ctl(_epoll, operation, descriptor, &aligned) == 0;
    }

    public void Dispose()
    {
        if (_stopped)
            return;
        _stopped = true;
        Volatile.Write(ref _wakePending, 0);
        Wake();
        if (CurrentLoop != this)
            _thread.Join();
        Interlocked.MemoryBarrier();
        SpinWait.SpinUntil(() => Volatile.Read(ref _pollingWorkers) == 0); // each looks without waiting
        _ = close(_wake);
        _ = close(_epoll);
    }
}
