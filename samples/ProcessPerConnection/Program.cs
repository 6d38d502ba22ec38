// A process for every caller, as with Python's ForkingMixIn: the line "crash" kills that caller's process, and nobody else notices.
//   dotnet run --project samples/ProcessPerConnection [ADDRESS]
using Dialtone;

var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, key) => key.Cancel = stop.TrySetResult();

await using Server server = new Server(new ServerOptions
{
    Listen = [args.FirstOrDefault("tcp://127.0.0.1:9000")],
    Concurrency = Concurrency.Process(max: 40, prestart: 2),
}).Handle<Whoami>();

if (await WorkerProcess.TryRunAsync(server))
    return;

await server.StartAsync();
Console.WriteLine($"listening {server.Addresses[0]}");
await stop.Task;
Console.WriteLine(await server.StopAsync());

internal sealed class Whoami : StreamHandler
{
    protected override async ValueTask HandleAsync()
    {
        await foreach (string line in Connection.ReadLinesAsync(cancellationToken: Closing))
        {
            if (line == "crash")
                Environment.Exit(1);
            await Connection.WriteLineAsync($"process {Environment.ProcessId}: {line}");
        }
    }
}
