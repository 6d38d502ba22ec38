using Dialtone;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs Dialtone servers inside the .NET Generic Host.</summary>
public static class DialtoneServiceCollectionExtensions
{
    /// <summary>
    /// Adds a server that starts with the host and drains when the host stops, within the host's shutdown time; what is left then is cut. May be
    /// called several times.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="create">Makes the server with its handler, not yet started. The provider holds the host's services, its logging among them.</param>
    /// <returns>The same services, for more calls.</returns>
    /// <remarks>The server is a service as well: whoever asks for a <see cref="Server"/> learns where it listens.</remarks>
    public static IServiceCollection AddDialtoneServer(this IServiceCollection services, Func<IServiceProvider, Server> create)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(create);
        var key = new object(); // of several servers each hosted one finds its own
        return services
            .AddKeyedSingleton(key, (provider, _) => create(provider))
            .AddSingleton(provider => provider.GetRequiredKeyedService<Server>(key))
            .AddSingleton<Hosting.IHostedService>(provider => new HostedServer(provider.GetRequiredKeyedService<Server>(key)));
    }
}
