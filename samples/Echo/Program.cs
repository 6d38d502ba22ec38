// An echo server: what a caller sends comes back. Handlers run on the event loop that read the bytes, the fastest way there is.
//   dotnet run --project samples/Echo [ADDRESS]
using Dialtone;

var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, key) => key.Cancel = stop.TrySetResult();

await using Server server = new Server(new ServerOptions
{
    Listen = [args.FirstOrDefault("tcp://127.0.0.1:9000")],
    Concurrency = Concurrency.Inline,
}).Handle(call => call.Input.CopyToAsync(call.Output));

await server.StartAsync();
Console.WriteLine($"listening {server.Addresses[0]}");
await stop.Task;
Console.WriteLine(await server.StopAsync());
