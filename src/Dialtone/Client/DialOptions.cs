using System.Net;

namespace Dialtone;

/// <summary>How a client calls an address.</summary>
public sealed record DialOptions
{
    /// <summary>How long one call may take, from the host's name to the end of the TLS handshake. Default 10 s.</summary>
    public TimeSpan Timeout { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(10);

    /// <summary>How long one of a host's addresses may stay silent before the next is tried beside it. Default 250 ms, as RFC 8305 §5.</summary>
    public TimeSpan AttemptDelay { get; init => field = Require.Positive(value); } = TimeSpan.FromMilliseconds(250);

    /// <summary>The local address, and port if not 0, to call from (Python's <c>source_address</c>). Only host addresses of its family are called. Default the system's choice.</summary>
    public IPEndPoint? SourceAddress { get; init; }

    /// <summary>Whether to call again when nobody answers, and how often. Default not.</summary>
    public DialRetry? Retry { get; init; }

    /// <summary>Whom to trust, and who we are, on <c>tls://</c> addresses. Default: the system's roots.</summary>
    public TlsClientOptions Tls { get; init; } = new();

    /// <summary>How the socket is set up; what concerns listening does not apply.</summary>
    public ListenOptions Socket { get; init; } = new();

    /// <summary>Whether reads and writes block their thread until done, for programs that own their threads. Default false.</summary>
    public bool Blocking { get; init; }

    /// <summary>Which engine moves the bytes. Default <see cref="EngineKind.Auto"/>.</summary>
    public EngineKind Engine { get; init; }

    /// <summary>Where time comes from. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
