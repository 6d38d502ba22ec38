using Dialtone.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Tests;

/// <summary>Two connections, each the other's peer, inside this process.</summary>
internal sealed class MemoryPair : IAsyncDisposable
{
    private readonly ConnectionHost _host = new(
        TimeProvider.System, new ServerLimits(), BlockPool.Shared, NullLogger.Instance);

    public MemoryPair()
    {
        (MemoryTransport one, MemoryTransport other) = MemoryTransport.CreatePair("pair", ReadyOn.Pool);
        Here = new Connection(_host, one, Address.Memory("pair"));
        There = new Connection(_host, other, Address.Memory("pair"));
    }

    public Connection Here { get; }

    public Connection There { get; }

    public async ValueTask DisposeAsync()
    {
        Here.Abort();
        There.Abort();
        await Here.DisposeAsync();
        await There.DisposeAsync();
        _host.Dispose();
    }
}
