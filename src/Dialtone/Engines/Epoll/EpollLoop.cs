using System.Collections.Concurrent;
using System.Runtime.InteropServices;
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

/// <summary>One thread that waits for readiness and calls whom it concerns. Edge-triggered; a source is registered once for its whole life.</summary>
internal sealed unsafe class EpollLoop : IDisposable
{
    private const int MaxEvents = 512;
    private const ulong WakeData = ulong.MaxValue;
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    [ThreadStatic]
    private static EpollLoop? CurrentLoop;

    private readonly int _epoll;
    private readonly int _wake;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly Lock _gate = new();
    private readonly Stack<int> _freeSlots = new(); // under _gate
    private readonly List<int> _quarantine = [];    // under _gate; freed slots not yet safe to reuse: an event of this batch may still name them
    private IEpollSource?[] _sources = new IEpollSource?[64];
    private int _slots;                             // under _gate
    private int _wakePending;
    private volatile bool _stopped;
    private long _turn;

    public EpollLoop(string name)
    {
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

    /// <summary>Counts the turns of the loop; odd while callbacks run. What the watchdog reads.</summary>
    public long Turn => Volatile.Read(ref _turn);

    /// <summary>Watches a descriptor for everything, edge-triggered, until <see cref="Remove"/>.</summary>
    public void Add(IEpollSource source, int descriptor, uint events)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            int slot = _freeSlots.TryPop(out int free) ? free : _slots++;
            if (slot == _sources.Length)
            {
                var larger = new IEpollSource?[slot * 2];
                _sources.CopyTo(larger, 0);
                Volatile.Write(ref _sources, larger);
            }

            _sources[slot] = source;
            source.Slot = slot;
        }

        if (!Control(EPOLL_CTL_ADD, descriptor, events, (ulong)source.Slot))
        {
            int error = Marshal.GetLastPInvokeError();
            Forget(source);
            throw Error(error);
        }
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
            _sources[source.Slot] = null;
            _quarantine.Add(source.Slot);
            source.Slot = -1;
        }
    }

    /// <summary>Runs a work item on the loop's thread, soon.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        _posted.Enqueue(work);
        Wake();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            ulong one = 1;
            _ = write(_wake, &one, sizeof(ulong));
        }
    }

    private void Run()
    {
        CurrentLoop = this;
        // Big enough for either layout of the event.
        var buffer = stackalloc byte[MaxEvents * sizeof(AlignedEpollEvent)];
        while (!_stopped)
        {
            int count = epoll_wait(_epoll, buffer, MaxEvents, -1);
            Volatile.Write(ref _turn, _turn + 1);
            for (int i = 0; i < count; i++)
            {
                (uint events, ulong data) = IsPacked
                    ? (((PackedEpollEvent*)buffer)[i].Events, ((PackedEpollEvent*)buffer)[i].Data)
                    : (((AlignedEpollEvent*)buffer)[i].Events, ((AlignedEpollEvent*)buffer)[i].Data);
                if (data == WakeData)
                    RunPosted();
                else
                    Volatile.Read(ref _sources)[(int)data]?.OnEvents(events);
            }

            if (_quarantine.Count > 0)
                ReleaseSlots();
            Volatile.Write(ref _turn, _turn + 1);
        }
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

    private void ReleaseSlots()
    {
        lock (_gate)
        {
            foreach (int slot in _quarantine)
                _freeSlots.Push(slot);
            _quarantine.Clear();
        }
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
        _ = close(_wake);
        _ = close(_epoll);
    }
}
