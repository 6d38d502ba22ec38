namespace Dialtone;

/// <summary>Datagram objects that wait to be used again, without buffers; bounded, the rest goes to the collector.</summary>
internal sealed class DatagramPool(DatagramService service, int capacity)
{
    private readonly Lock _gate = new();
    private readonly Stack<Datagram> _free = new(); // under _gate

    public Datagram Take()
    {
        lock (_gate)
        {
            if (_free.TryPop(out Datagram? datagram))
                return datagram;
        }

        return new Datagram(service);
    }

    public void Return(Datagram datagram)
    {
        lock (_gate)
        {
            if (_free.Count < capacity)
                _free.Push(datagram);
        }
    }
}
