namespace Dialtone;

/// <summary>
/// One direction of one client's datagrams. Each datagram draws the same number of times from the series, whatever becomes of it, so that its
/// fate depends on its place in the order of arrival and on nothing else.
/// </summary>
internal sealed class ChaosDatagramLine(ChaosUdpProxy proxy, ChaosDatagrams plan, TimeProvider time, Random random, Action<byte[]> send)
{
    private readonly Lock _gate = new();
    private long _index;    // under _gate
    private byte[]? _held;  // under _gate

    public void Pass(ReadOnlySpan<byte> datagram)
    {
        proxy.Count(static (ref ChaosCounts counts) => counts = counts with { Received = counts.Received + 1 });
        double loss, duplication, reordering, corruption, jitter;
        int bit;
        bool isCut;
        byte[]? overtaken = null;
        byte[] bytes = datagram.ToArray();
        lock (_gate)
        {
            (loss, duplication, reordering, corruption, jitter) =
                (random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble());
            bit = random.Next();
            isCut = _index++ >= (plan.CutAfter ?? long.MaxValue);
        }

        if (isCut || loss < plan.Loss || bytes.Length > (plan.MaxBytes ?? int.MaxValue))
        {
            proxy.CountLost();
            return;
        }

        if (corruption < plan.Corruption && bytes.Length > 0)
        {
            proxy.Count(static (ref ChaosCounts counts) => counts = counts with { Corrupted = counts.Corrupted + 1 });
            bytes[bit % bytes.Length] ^= (byte)(1 << (bit % 8));
        }

        if (reordering < plan.Reordering && TryHold(bytes))
            return;

        TimeSpan delay = plan.Delay + (plan.Jitter * jitter);
        Deliver(bytes, delay);
        if (duplication < plan.Duplication)
        {
            proxy.Count(static (ref ChaosCounts counts) => counts = counts with { Duplicated = counts.Duplicated + 1 });
            Deliver(bytes, delay);
        }

        lock (_gate)
            (overtaken, _held) = (_held, null);
        if (overtaken is not null)
            Deliver(overtaken, delay);
    }

    /// <summary>Holds a datagram back, if none is held already, until the next one has passed or the hold is over.</summary>
    private bool TryHold(byte[] bytes)
    {
        lock (_gate)
        {
            if (_held is not null)
                return false;
            _held = bytes;
        }

        proxy.Count(static (ref ChaosCounts counts) => counts = counts with { Reordered = counts.Reordered + 1 });
        proxy.After(plan.Delay + plan.MaxHold, time, () =>
        {
            lock (_gate)
            {
                if (_held != bytes)
                    return;
                _held = null;
            }

            send(bytes);
        });
        return true;
    }

    private void Deliver(byte[] bytes, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            send(bytes);
        else if (!proxy.After(delay, time, () => send(bytes)))
            proxy.CountLost();
    }
}
