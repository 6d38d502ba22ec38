// A pool of 128 workers with plain blocking calls, as with Python's ThreadPoolExecutor(128). The 129th caller waits its turn.
//   dotnet run --project samples/Pool128 [ADDRESS]
using Dialtone;

var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, key) => key.Cancel = stop.TrySetResult();

await using Server server = new Server(new ServerOptions
{
    Listen = [args.FirstOrDefault("tcp://127.0.0.1:15000")],
    Concurrency = Concurrency.Pool(128, queue: 1024),
}).HandleBlocking(call =>
{
    var buffer = new byte[4096];
    int count;
    while ((count = call.Stream.Read(buffer)) > 0)
        call.Stream.Write(buffer, 0, count);
});

await server.StartAsync();
Console.WriteLine($"listening {server.Addresses[0]}");
await stop.Task;
Console.WriteLine(await server.StopAsync());
