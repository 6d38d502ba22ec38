using System.Threading.Tasks.Sources;

namespace Dialtone.Engines;

/// <summary>A place where one caller at a time waits until a socket is ready; reused for every wait.</summary>
internal sealed class ReadyGate : IReadyWaiter, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core; // a mutable struct: never readonly

    public ValueTask Arm()
    {
        _core.Reset();
        return new ValueTask(this, _core.Version);
    }

    public void OnReady() => _core.SetResult(true);

    void IThreadPoolWorkItem.Execute() => OnReady();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
