using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>Ctrl-C and SIGTERM as tasks: the first, and the second.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    /// <summary>Takes the signals over; they no longer end the process by themselves.</summary>
    public StopSignals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Received);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Received);
    }

    /// <summary>Which it was.</summary>
    public Task<PosixSignal> First => _first.Task;

    public Task Second => _second.Task;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    /// <summary>As if a signal had come.</summary>
    public void Stop() => Received(PosixSignal.SIGTERM);

    private void Received(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Received(signal.Signal);
    }

    private void Received(PosixSignal signal)
    {
        if (!_first.TrySetResult(signal))
            _second.TrySetResult();
    }
}
