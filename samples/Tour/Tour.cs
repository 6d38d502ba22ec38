using Dialtone;

namespace Tour;

// The regions are what the README shows.
public static class Servers
{
    public static async Task Smallest()
    {
        #region smallest
        await Server.RunAsync("tcp://127.0.0.1:9000", async call =>
        {
            await foreach (string line in call.ReadLinesAsync())
                await call.WriteLineAsync(line.ToUpperInvariant());
        });
        #endregion
    }

    public static async Task<DrainReport> Grown(HmacKey key, CancellationToken stopping)
    {
        #region grown
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tcp://0.0.0.0:9000", "unix:///run/app.sock?mode=0660"],
            Concurrency = Concurrency.Pool(128, queue: 1024),
            Limits = new() { MaxConnections = 10_000, MaxPerAddress = 100, Idle = TimeSpan.FromMinutes(2) },
        }).Use(HmacChallenge.With(key)).Handle<UpperCase>();

        DrainReport report = await server.RunAsync(stopping);
        #endregion
        return report;
    }
}

#region handler
public sealed class UpperCase : StreamHandler
{
    protected override async ValueTask HandleAsync()
    {
        await foreach (string line in Connection.ReadLinesAsync(cancellationToken: Closing))
            await Connection.WriteLineAsync(line.ToUpperInvariant());
    }
}
#endregion
