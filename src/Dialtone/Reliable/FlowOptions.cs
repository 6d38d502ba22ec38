namespace Dialtone;

/// <summary>The bounds of a reliable flow of datagrams.</summary>
public sealed record FlowOptions
{
    /// <summary>The largest datagram sent, in bytes. Default 1,200, which every path carries without fragments (RFC 9000, 14). At least 256, at most 65,507.</summary>
    public int MaxDatagramBytes { get; init => field = Require.InRange(value, 256, 65_507); } = 1200;

    /// <summary>The largest message, in bytes; longer ones are refused at the sender and end the flow at the receiver. Default 64 KiB.</summary>
    public int MaxMessageBytes { get; init => field = Require.Positive(value); } = 64 * 1024;

    /// <summary>Messages that may wait for room in the window, in bytes; a sender waits beyond that. Default 256 KiB.</summary>
    public int MaxQueuedBytes { get; init => field = Require.Positive(value); } = 256 * 1024;

    /// <summary>Messages delivered and not yet taken by the application, in bytes, before the peer is told to pause. Default 256 KiB.</summary>
    public int MaxUnreadBytes { get; init => field = Require.Positive(value); } = 256 * 1024;

    /// <summary>Without any acknowledgement for so long while something is outstanding, the flow has failed. Default 30 s.</summary>
    public TimeSpan GiveUp { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>A client that has been silent for so long says that it is there, which also keeps NAT bindings. Default 25 s (RFC 4787 asks NATs for 2 min, many keep 30 s).</summary>
    public TimeSpan KeepAlive { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(25);

    /// <summary>A peer that has been silent for so long is gone. Default 90 s.</summary>
    public TimeSpan Idle { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(90);
}
