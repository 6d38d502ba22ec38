using Microsoft.Extensions.Hosting;

namespace Dialtone;

/// <summary>A server with the life of its host.</summary>
internal sealed class HostedServer(Server server) : IHostedService, IAsyncDisposable
{
    public Task StartAsync(CancellationToken cancellationToken) => server.StartAsync();

    /// <summary>Drains; when the host's patience ends first, the rest is cut.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        CancellationTokenRegistration cut = cancellationToken.UnsafeRegister(
            static server => _ = ((Server)server!).DisposeAsync().AsTask(), server);
        await using (cut.ConfigureAwait(false))
            await server.StopAsync(Timeout.InfiniteTimeSpan).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
