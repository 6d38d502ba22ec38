// An echo server on Kestrel's connection handler. Kestrel stands at its defaults; --inline turns on the socket
// transport's inline scheduling (run it with DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 for inline completions too).
using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<Echo>()));
if (args.Contains("--inline"))
    builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);

await using var app = builder.Build();
await app.StartAsync();
var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
Console.WriteLine($"listening tcp://127.0.0.1:{new Uri(addresses!.Addresses.Single()).Port}");
await app.WaitForShutdownAsync();

internal sealed class Echo : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var result = await input.ReadAsync();
            foreach (var segment in result.Buffer)
                output.Write(segment.Span);
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
            await output.FlushAsync();
        }
    }
}
