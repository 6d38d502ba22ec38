using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Dialtone;

/// <summary>The meter and the activity source, both named <c>Dialtone</c>. docs/observability.md lists every name and tag.</summary>
internal sealed class Instruments
{
    public const string Name = "Dialtone";

    public static Instruments Shared { get; } = new();

    private readonly Meter _meter = new(Name);

    private Instruments()
    {
        Active = _meter.CreateUpDownCounter<long>("dialtone.connections.active", "{connection}", "Connections open now.");
        Accepted = _meter.CreateCounter<long>("dialtone.connections.accepted", "{connection}", "Connections accepted.");
        Rejected = _meter.CreateCounter<long>("dialtone.connections.rejected", "{connection}", "Connections refused before their handler, by reason.");
        Closed = _meter.CreateCounter<long>("dialtone.connections.closed", "{connection}", "Connections ended, by reason.");
        Received = _meter.CreateCounter<long>("dialtone.bytes.received", "By", "Bytes received, counted when a connection ends.");
        Sent = _meter.CreateCounter<long>("dialtone.bytes.sent", "By", "Bytes sent, counted when a connection ends.");
        HandlerSeconds = _meter.CreateHistogram<double>("dialtone.handler.duration", "s", "How long handlers ran.");
        Queued = _meter.CreateUpDownCounter<long>("dialtone.queue.length", "{item}", "Connections and datagrams that wait for a worker.");
        Errors = _meter.CreateCounter<long>("dialtone.errors", "{error}", "Handler, hook and accept errors, by type.");
        Datagrams = _meter.CreateCounter<long>("dialtone.datagrams.received", "{datagram}", "Datagrams received.");
        DatagramsDropped = _meter.CreateCounter<long>("dialtone.datagrams.dropped", "{datagram}", "Datagrams dropped, by reason.");
    }

    public ActivitySource Activities { get; } = new(Name);

    public UpDownCounter<long> Active { get; }

    public Counter<long> Accepted { get; }

    public Counter<long> Rejected { get; }

    public Counter<long> Closed { get; }

    public Counter<long> Received { get; }

    public Counter<long> Sent { get; }

    public Histogram<double> HandlerSeconds { get; }

    public UpDownCounter<long> Queued { get; }

    public Counter<long> Errors { get; }

    public Counter<long> Datagrams { get; }

    public Counter<long> DatagramsDropped { get; }

    public static KeyValuePair<string, object?> Reason(CloseReason reason) => new("reason", reason.ToString());

    public static KeyValuePair<string, object?> ErrorType(Exception error) => new("error.type", error.GetType().Name);
}
