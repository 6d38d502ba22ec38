namespace Dialtone.Commands;

/// <summary>Fires when a server has been stopping for long enough: what still runs is ended then, while its caller can be told.</summary>
internal sealed class StopDeadline : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly CommandServiceOptions _options;
    private readonly CancellationTokenRegistration _closing;
    private readonly Lock _gate = new();
    private ITimer? _timer;   // under _gate
    private bool _isDisposed; // under _gate

    /// <param name="options">Say how long is long enough.</param>
    /// <param name="closing">Fires when the server begins to stop.</param>
    public StopDeadline(CommandServiceOptions options, CancellationToken closing)
    {
        _options = options;
        _closing = closing.UnsafeRegister(static state => ((StopDeadline)state!).Begin(), this);
    }

    public CancellationToken Token => _over.Token;

    public void Dispose()
    {
        _closing.Unregister(); // without waiting for it
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (!_isDisposed)
                _timer = _options.Time.CreateTimer(static state => ((StopDeadline)state!)._over.Cancel(), this, _options.StopPatience, Timeout.InfiniteTimeSpan);
        }
    }
}
