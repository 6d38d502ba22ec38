namespace Dialtone.Engines;

/// <summary>Event loops that share the accepted connections in turn.</summary>
internal sealed class EpollEngine : Engine
{
    private readonly EpollLoop[] _loops;
    private uint _next;

    public EpollEngine(int loops, ReadyOn readyOn)
    {
        // Where callers block, so do listeners: there is nothing to watch.
        _loops = new EpollLoop[readyOn == ReadyOn.CallerBlocks ? 0 : loops];
        for (int i = 0; i < _loops.Length; i++)
            _loops[i] = new EpollLoop($"dialtone loop {i}", readyOn);
    }

    public IReadOnlyList<EpollLoop> Loops => _loops;

    public EpollLoop NextLoop() => _loops[Interlocked.Increment(ref _next) % (uint)_loops.Length];

    public override StreamListener Listen(BoundSocket socket, ListenOptions options, ReadyOn readyOn) =>
        new EpollListener(this, readyOn == ReadyOn.CallerBlocks ? null : _loops[0], socket, options);

    public override void Dispose()
    {
        foreach (EpollLoop loop in _loops)
            loop.Dispose();
    }
}
