namespace Dialtone.Engines;

/// <summary>Event loops that share the accepted connections in turn.</summary>
internal sealed class EpollEngine : Engine
{
    private readonly EpollLoop[] _loops;
    private uint _next;

    public EpollEngine(int loops, ReadyOn readyOn)
    {
        // Where callers block, only listeners are watched; they wake on the pool.
        if (readyOn == ReadyOn.CallerBlocks)
            (loops, readyOn) = (1, ReadyOn.Pool);
        _loops = new EpollLoop[loops];
        for (int i = 0; i < loops; i++)
            _loops[i] = new EpollLoop($"dialtone loop {i}", readyOn);
    }

    public IReadOnlyList<EpollLoop> Loops => _loops;

    public EpollLoop NextLoop() => _loops[Interlocked.Increment(ref _next) % (uint)_loops.Length];

    public override StreamListener Listen(BoundSocket socket, ListenOptions options, ReadyOn readyOn) =>
        new EpollListener(this, _loops[0], socket, options, blocks: readyOn == ReadyOn.CallerBlocks);

    public override void Dispose()
    {
        foreach (EpollLoop loop in _loops)
            loop.Dispose();
    }
}
