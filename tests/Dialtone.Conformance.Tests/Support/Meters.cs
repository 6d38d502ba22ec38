using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Dialtone.Conformance.Tests;

/// <summary>Adds up what the library's meter says, from its making on. Only for tests that run alone: the meter is the process's.</summary>
internal sealed class Meters : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();

    public Meters()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Dialtone")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
            foreach (KeyValuePair<string, object?> tag in tags)
                _sums.AddOrUpdate($"{instrument.Name} {tag.Value}", value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    /// <summary>The sum of an instrument, or of one tag's value of it: "dialtone.connections.closed Idle".</summary>
    public long this[string name] => _sums.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}
