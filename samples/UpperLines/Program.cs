// Answers every line in upper case, under the bounds a server on an open network wants.
//   dotnet run --project samples/UpperLines [ADDRESS]
using Dialtone;

var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, key) => key.Cancel = stop.TrySetResult();

await using Server server = new Server(new ServerOptions
{
    Listen = [args.FirstOrDefault("tcp://127.0.0.1:9000")],
    Limits = new ServerLimits { MaxConnections = 1000, MaxPerAddress = 100, Idle = TimeSpan.FromMinutes(2) },
}).Handle<UpperLines>();

await server.StartAsync();
Console.WriteLine($"listening {server.Addresses[0]}");
await stop.Task;
Console.WriteLine(await server.StopAsync());

internal sealed class UpperLines : StreamHandler
{
    protected override async ValueTask HandleAsync()
    {
        await foreach (string line in Connection.ReadLinesAsync(cancellationToken: Closing))
            await Connection.WriteLineAsync(line.ToUpperInvariant());
    }
}
