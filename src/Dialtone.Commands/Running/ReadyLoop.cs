using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>A thread that waits on behalf of pipes, terminals and processes of this program; a few of them share the work.</summary>
internal sealed unsafe class ReadyLoop
{
    private const int EventsAtOnce = 64;
    private const int MostLoops = 4;
    private static readonly Lazy<ReadyLoop>[] Loops = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, MostLoops)).Select(static _ => new Lazy<ReadyLoop>(() => new ReadyLoop()))];
    private static int _turn;

    private readonly int _epoll;
    private readonly ConcurrentDictionary<ulong, PolledDescriptor> _watched = new();
    private long _lastId;

    private ReadyLoop()
    {
        _epoll = Calls.epoll_create1(Calls.EPOLL_CLOEXEC);
        if (_epoll < 0)
            throw Calls.Error("Cannot wait for commands", Marshal.GetLastPInvokeError());
        new Thread(Run) { IsBackground = true, Name = "Dialtone commands" }.Start();
    }

    /// <summary>The one whose turn it is to take another descriptor.</summary>
    public static ReadyLoop Next => Loops[(uint)Interlocked.Increment(ref _turn) % (uint)Loops.Length].Value;

    private static bool IsPacked => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public ulong Register(PolledDescriptor descriptor)
    {
        var id = (ulong)Interlocked.Increment(ref _lastId);
        _watched[id] = descriptor;
        return id;
    }

    /// <summary>Asks for one event; called under the descriptor's lock.</summary>
    public void Arm(ulong id, int descriptor, uint events, bool isFirst)
    {
        int operation = isFirst ? Calls.EPOLL_CTL_ADD : Calls.EPOLL_CTL_MOD;
        int result;
        if (IsPacked)
        {
            var packed = new Calls.PackedEpollEvent { Events = events | Calls.EPOLLONESHOT, Data = id };
            result = Calls.epoll_ctl(_epoll, operation, descriptor, &packed);
        }
        else
        {
            var aligned = new Calls.AlignedEpollEvent { Events = events | Calls.EPOLLONESHOT, Data = id };
            result = Calls.epoll_ctl(_epoll, operation, descriptor, &aligned);
        }

        if (result < 0)
            throw Calls.Error("Cannot wait for a command", Marshal.GetLastPInvokeError());
    }

    public void Forget(ulong id, int descriptor, bool wasArmed)
    {
        _watched.TryRemove(id, out _);
        if (wasArmed)
            _ = Calls.epoll_ctl(_epoll, Calls.EPOLL_CTL_DEL, descriptor, null);
    }

    private void Run()
    {
        byte* events = stackalloc byte[EventsAtOnce * sizeof(Calls.AlignedEpollEvent)];
        while (true)
        {
            int count = Calls.epoll_wait(_epoll, events, EventsAtOnce, -1);
            for (int i = 0; i < count; i++)
            {
                ulong id = IsPacked ? ((Calls.PackedEpollEvent*)events)[i].Data : ((Calls.AlignedEpollEvent*)events)[i].Data;
                if (_watched.TryGetValue(id, out PolledDescriptor? descriptor))
                    descriptor.Wake(isLoop: true);
            }
        }
    }
}
