using System.Runtime.InteropServices;
using Dialtone;
using Dialtone.Workers;

// usage: Dialtone.Workers HANDLER [listen=ADDRESS] [ready=FILE] [max=N] [prestart=N] [reuse=N] [idle=MS] [line=no] [engine=sockets] [move=FOLDER]
//        [proxy=NETWORK] [tls=PEMFILE]
Dictionary<string, string> settings = args.Skip(1).Select(text => text.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
int Number(string name, int otherwise) => settings.TryGetValue(name, out string? text) ? int.Parse(text) : otherwise;

await using var server = new Server(new ServerOptions
{
    Listen = [settings.GetValueOrDefault("listen", "tcp://127.0.0.1:0")],
    Concurrency = Concurrency.Process(Number("max", 40), Number("prestart", 1), Number("reuse", 1)),
    Engine = settings.ContainsKey("engine") ? EngineKind.Sockets : EngineKind.Auto,
    Limits = new ServerLimits { Idle = Number("idle", 0) is > 0 and int idle ? TimeSpan.FromMilliseconds(idle) : null },
    TrustedProxies = settings.TryGetValue("proxy", out string? network) ? [network] : [],
    Tls = settings.TryGetValue("tls", out string? pem) ? new TlsServerOptions { CertificateFile = pem, KeyFile = pem } : null,
    Verify = connection => ValueTask.FromResult(args[0] != "refuse"),
});
_ = args[0] switch
{
    "echo" => server.Handle<Echo>(),
    "blocking-echo" => server.HandleBlocking<BlockingEcho>(),
    "hmac" => server.Use(HmacChallenge.With(HmacKey.FromText("door key"))).Handle<Echo>(),
    "never" => server,
    _ => server.Use((connection, next) =>
    {
        connection.Items["middleware"] = "was here";
        return next(connection);
    }).Handle(() => new Orders(server)),
};

server.HandleDatagrams(async datagram =>
{
    string text = System.Text.Encoding.UTF8.GetString(datagram.Payload.Span);
    if (text == "crash")
        Environment.FailFast(null);
    if (text == "block")
        new ManualResetEvent(false).WaitOne();
    await datagram.ReplyAsync(System.Text.Encoding.UTF8.GetBytes(text == "pid" ? $"{Environment.ProcessId} {datagram.Address} {datagram.From}" : text));
});

if (args[0] == "never")
    Environment.Exit(7); // a program that cannot be its own worker
if (!settings.ContainsKey("line") && await WorkerProcess.TryRunAsync(server))
    return 0;

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Drain);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Drain);
if (settings.TryGetValue("move", out string? folder))
    Environment.CurrentDirectory = folder;
await server.StartAsync();

// Only the parent comes here.
if (settings.TryGetValue("ready", out string? file))
{
    await File.WriteAllTextAsync(file + ".new", $"{server.Addresses[0]}\n");
    File.Move(file + ".new", file);
}

try
{
    await Task.Delay(Timeout.Infinite, stop.Token);
}
catch (OperationCanceledException)
{
    DrainReport report = await server.StopAsync(TimeSpan.FromSeconds(10));
    return report.IsClean ? 0 : 1;
}

return 0;

void Drain(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
