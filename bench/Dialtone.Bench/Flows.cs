using System.Diagnostics;
using System.Globalization;
using Dialtone;

namespace Dialtone.Bench;

/// <summary>The reliable-datagram layer by itself, server and clients in this process.</summary>
internal static class Flows
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Sends each of MESSAGES texts of 64 bytes to CLIENTS clients, at most WINDOW under way.</summary>
    public static async Task FanOutAsync(int clients, int messages, int window)
    {
        await using var flows = new FlowServer((session, message) => session.Taken(message.Length));
        await using Server server = Start(flows);
        await server.StartAsync();
        var sessions = new FlowSession[clients];
        var readers = new Task[clients];
        long arrived = 0;
        for (int i = 0; i < clients; i++)
        {
            if (!flows.TryAdmit(null, out sessions[i]!, out byte[]? secret))
                throw new InvalidOperationException("The server is full.");
            FlowClient client = await FlowClient.ConnectAsync(server.Addresses[0], new FlowKeys(sessions[i].Id, secret!));
            await client.SendAsync(new byte[1]);
            readers[i] = ReadAsync(client);
        }

        using var room = new SemaphoreSlim(window);
        int failed = 0;
        long begin = Stopwatch.GetTimestamp();
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        for (int m = 0; m < messages; m++)
        {
            await room.WaitAsync();
            var text = new byte[64];
            int open = clients;
            Action<FlowEnd> outcome = end =>
            {
                if (end != FlowEnd.None)
                    Interlocked.Increment(ref failed);
                if (Interlocked.Decrement(ref open) == 0)
                    room.Release();
            };
            foreach (FlowSession session in sessions)
            {
                if (!session.TrySend(text, outcome))
                    outcome(FlowEnd.Closed);
            }
        }

        for (int i = 0; i < window; i++)
            await room.WaitAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        await Task.WhenAll(readers).WaitAsync(Longest);
        long deliveries = (long)clients * messages;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"deliveries={deliveries} per_second={deliveries / took.TotalSeconds:F0} cpu_us_each={cpu.TotalMicroseconds / deliveries:F2} failed={failed} arrived={arrived}"));

        async Task ReadAsync(FlowClient client)
        {
            int left = messages;
            await foreach (ReadOnlyMemory<byte> _ in client.ReadAllAsync())
            {
                Interlocked.Increment(ref arrived);
                if (--left == 0)
                    return;
            }
        }
    }

    private static Server Start(FlowServer flows) =>
        new Server(new ServerOptions { Listen = ["udp://127.0.0.1:0"], Concurrency = Concurrency.Inline }).HandleDatagrams(datagram =>
        {
            flows.Receive(datagram);
            return default;
        });
}
