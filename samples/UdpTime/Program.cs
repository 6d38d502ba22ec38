// Answers every datagram with the time, in the format it asks for ("yyyy-MM-dd HH:mm:ss"), or in a usual one if it is empty.
//   dotnet run --project samples/UdpTime [ADDRESS]
using System.Globalization;
using System.Text;
using Dialtone;

var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, key) => key.Cancel = stop.TrySetResult();

await using Server server = new Server(new ServerOptions { Listen = [args.FirstOrDefault("udp://127.0.0.1:9000")] })
    .HandleDatagrams(async datagram => await datagram.ReplyAsync(Encoding.UTF8.GetBytes(TimeAs(datagram.Payload.Span))));

await server.StartAsync();
Console.WriteLine($"listening {server.Addresses[0]}");
await stop.Task;
Console.WriteLine(await server.StopAsync());

static string TimeAs(ReadOnlySpan<byte> format)
{
    try
    {
        string asked = format.IsEmpty ? "ddd MMM dd HH:mm:ss yyyy" : Encoding.UTF8.GetString(format);
        return TimeProvider.System.GetLocalNow().ToString(asked, CultureInfo.InvariantCulture);
    }
    catch (FormatException)
    {
        return "that is no format for a time";
    }
}
