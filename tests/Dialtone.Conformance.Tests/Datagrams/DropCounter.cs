using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Dialtone.Conformance.Datagrams;

/// <summary>Listens to the meter as an operator's collector does. Counts are the whole process's: tests that use it do not run side by side.</summary>
internal sealed class DropCounter : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = [];
    private readonly MeterListener _listener = new();
    private readonly SemaphoreSlim _changed = new(0);

    public DropCounter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Dialtone", Name: "dialtone.datagrams.dropped" })
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            _counts.AddOrUpdate((string)tags[0].Value!, count, (_, before) => before + count);
            _changed.Release();
        });
        _listener.Start();
    }

    public async Task WaitForAsync(string reason, long count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_counts.GetValueOrDefault(reason) < count)
            await _changed.WaitAsync(limit.Token);
    }

    public void Dispose() => _listener.Dispose();
}
