using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Dialtone.Engines;

/// <summary>Listens on a name inside this process.</summary>
internal sealed class MemoryListener : StreamListener
{
    private static readonly ConcurrentDictionary<string, MemoryListener> Listeners = new();

    private readonly Channel<MemoryTransport> _callers;
    private readonly ReadyOn _readyOn;

    public MemoryListener(Address address, int backlog, ReadyOn readyOn)
        : base(address)
    {
        // There is no loop here: what would run on one runs on the thread pool.
        _readyOn = readyOn == ReadyOn.CallerBlocks ? ReadyOn.CallerBlocks : ReadyOn.Pool;
        _callers = Channel.CreateBounded<MemoryTransport>(backlog);
        if (!Listeners.TryAdd(address.Name!, this))
            throw new TransportException(TransportError.AddressInUse, $"Another server of this process listens on {address}.");
    }

    /// <summary>Calls a listener: the caller's end of the connection.</summary>
    public static Transport Connect(Address address)
    {
        if (!Listeners.TryGetValue(address.Name!, out MemoryListener? listener))
            throw new TransportException(TransportError.Refused, $"Nobody listens on {address}.");
        (MemoryTransport server, MemoryTransport client) = MemoryTransport.CreatePair(address.Name!, listener._readyOn);
        return listener._callers.Writer.TryWrite(server) ? client
            : throw new TransportException(TransportError.Refused, $"{address} has no room for another caller.");
    }

    public override async ValueTask<Transport?> AcceptAsync()
    {
        while (await _callers.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            if (_callers.Reader.TryRead(out MemoryTransport? transport))
                return transport;
        }

        return null;
    }

    public override void Stop()
    {
        if (!_callers.Writer.TryComplete())
            return;
        Listeners.TryRemove(new KeyValuePair<string, MemoryListener>(Address.Name!, this));
        while (_callers.Reader.TryRead(out MemoryTransport? waiting))
            waiting.Abort(reset: true);
    }
}
