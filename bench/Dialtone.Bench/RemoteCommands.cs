using System.Diagnostics;
using System.Globalization;
using Dialtone.Commands;

namespace Dialtone.Bench;

/// <summary>One command after another over one open session, as fast as they come back.</summary>
internal static class RemoteCommands
{
    private const int WarmUps = 100;

    public static async Task RunAsync(string address, string keyFile, int count)
    {
        var options = new CommandClientOptions
        {
            Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } },
            Key = HmacKey.FromFile(keyFile),
        };
        await using CommandClient client = await CommandClient.ConnectAsync(address, options);
        await RunAsync(client, WarmUps);
        long begin = Stopwatch.GetTimestamp();
        await RunAsync(client, count);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count / Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0}"));
    }

    private static async Task RunAsync(CommandClient client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            CommandReport report = await client.RunAsync(new CommandRequest("true"));
            if (report.Status != 0)
                throw new InvalidOperationException($"'true' ended with {report.Status}.");
        }
    }
}
