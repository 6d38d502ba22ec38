using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>What few connections need, made when it is.</summary>
internal sealed class ConnectionExtras
{
    public Stream? Stream { get; set; }

    public TlsDetails? Tls { get; set; }

    public ReadOnlyMemory<byte> ChannelBinding { get; set; }

    public Dictionary<object, object?>? Items { get; set; }

    /// <summary>The caller's address as a trusted proxy told it.</summary>
    public EndPoint? ProxiedRemote { get; set; }

    /// <summary>Under which address it is counted, where that is not its transport's: behind a proxy.</summary>
    public PeerKey? CountedAs { get; set; }

    public string? Activity { get; set; }

    public string? User { get; set; }

    /// <summary>When its turn came, where it had to wait for one; 0 where it had not.</summary>
    public long ServedSince { get; set; }

    /// <summary>The end of the handshake, or of the linger, in milliseconds of the clock; 0 for none.</summary>
    public long StageDeadline { get; set; }

    /// <summary>Since when the rate is measured; 0 while no message is under way.</summary>
    public long RateMark { get; set; }

    /// <summary>Bytes both ways at that time.</summary>
    public long RateBytes { get; set; }
}
