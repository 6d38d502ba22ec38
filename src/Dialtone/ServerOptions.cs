using System.Buffers;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>How a server listens, how many conversations it holds at once, and within which bounds.</summary>
public sealed record ServerOptions
{
    /// <summary>The addresses to listen on; a string such as <c>tcp://127.0.0.1:9000</c> will do. All of them start, or none.</summary>
    public IReadOnlyList<Address> Listen { get; init; } = [];

    /// <summary>How conversations share the machine. Default <see cref="Concurrency.Task"/>.</summary>
    public Concurrency Concurrency { get; init; } = Concurrency.Task;

    /// <summary>The bounds that hold before anybody has logged in.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>How sockets are set up.</summary>
    public ListenOptions Socket { get; init; } = new();

    /// <summary>The certificate and rules for <c>tls://</c> addresses; needed as soon as one is listened on.</summary>
    public TlsServerOptions? Tls { get; init; }

    /// <summary>
    /// Proxies that tell whom they call for with a PROXY protocol header (version 1 or 2): addresses and networks such as <c>10.0.0.0/8</c>, and
    /// <c>unix</c> for callers over Unix sockets. From these the header is required; from others it is never looked for. Default none.
    /// </summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>What failures cost the address they come from. Default null: the defaults of <see cref="PenaltyOptions"/>.</summary>
    public PenaltyOptions? Penalties { get; init; }

    /// <summary>Which engine moves the bytes. Default <see cref="EngineKind.Auto"/>.</summary>
    public EngineKind Engine { get; init; }

    /// <summary>Event loops of the Epoll engine. Default one per processor, at most 16. 1 to 64.</summary>
    public int Loops { get; init => field = Require.InRange(value, 1, 64); } = Math.Min(Environment.ProcessorCount, 16);

    /// <summary>How long draining may take before the rest is cut, where the caller of stop does not say. Default 30 s. At most 49 days.</summary>
    public TimeSpan DrainTimeout { get; init => field = Require.TimerLength(value); } = TimeSpan.FromSeconds(30);

    /// <summary>How long an inline handler may keep its event loop before a warning is logged, a second or two later. Default one second.</summary>
    public TimeSpan InlineWarning { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(1);

    /// <summary>Where log lines go. Default nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where time comes from. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where connections rent their buffers. Default a shared pool of pinned 4, 16 and 64 KiB blocks.</summary>
    public MemoryPool<byte>? BufferPool { get; init; }

    /// <summary>Looks at each accepted connection before its handler: false closes it. Runs off the accept loop; an exception counts as false.</summary>
    public Func<Connection, ValueTask<bool>>? Verify { get; init; }

    /// <summary>Called with each exception that a handler did not handle. An exception of its own is logged.</summary>
    public Action<Connection?, Exception>? HandlerFailed { get; init; }
}
