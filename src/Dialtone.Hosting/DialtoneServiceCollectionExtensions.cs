using Dialtone;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs Dialtone servers inside the .NET Generic Host.</summary>
public static class DialtoneServiceCollectionExtensions
{
    /// <summary>
    /// Adds a server that starts with the host and drains when the host stops, within the host's shutdown time. May be called several times.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="create">Makes the server with its handler, not yet started. The provider holds the host's services, its logging among them.</param>
    /// <returns>The same services, for more calls.</returns>
    public static IServiceCollection AddDialtoneServer(this IServiceCollection services, Func<IServiceProvider, Server> create)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(create);
        return services.AddSingleton<Hosting.IHostedService>(provider => new HostedServer(create(provider)));
    }
}
