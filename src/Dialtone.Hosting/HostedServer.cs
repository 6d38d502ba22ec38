using Microsoft.Extensions.Hosting;

namespace Dialtone;

/// <summary>Starts and stops a server with its host, whose services own it.</summary>
internal sealed class HostedServer(Server server) : IHostedService
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
}
