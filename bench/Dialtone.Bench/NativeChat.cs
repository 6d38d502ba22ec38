using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Dialtone.Chat;

namespace Dialtone.Bench;

/// <summary>A room of native clients: the server, whoever speaks and listens, and whoever only is there.</summary>
internal static class NativeChat
{
    private const int NoLimit = 1_000_000;
    private const string Room = "lobby";
    private static readonly string Text = new('x', 64);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public static async Task ServeAsync(string certificateFolder, CancellationToken stopping)
    {
        await using var hub = new ChatHub(new ChatHubOptions
        {
            Limits = new ChatLimits { MessagesPerSecond = NoLimit, Burst = NoLimit, MaxParticipants = 100_000 },
        });
        await using Server server = new Server(new ServerOptions
        {
            Listen = ["tls://127.0.0.1:0", "udp://127.0.0.1:0"],
            Concurrency = Concurrency.Inline,
            Tls = new TlsServerOptions { Certificate = ServerCertificate.LoadOrCreate(certificateFolder) },
        }).HandleChat(hub);
        await server.StartAsync();
        Console.WriteLine($"listening {server.Addresses[0]}");
        _ = Task.Run(RestWhenTold, CancellationToken.None);
        try
        {
            await foreach (ChatEvent _ in hub.Desk.ReadAllAsync(stopping))
            {
                // The operator looks on.
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    // A line on standard input: what nobody uses goes back to the system, and the live bytes of the heap are told.
    private static void RestWhenTold()
    {
        while (Console.ReadLine() is not null)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            long live = GC.GetTotalMemory(forceFullCollection: true);
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = malloc_trim(0);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rested {live}"));
        }
    }

    [DllImport("libc")]
    private static extern int malloc_trim(nuint pad);

    /// <summary>One says MESSAGES texts of 64 bytes in a room with CLIENTS others, at most WINDOW not yet delivered to all. Twice: the first time warms up.</summary>
    public static async Task FanOutAsync(string address, int clients, int messages, int window)
    {
        ChatClient speaker = await JoinAsync(address, "speaker");
        var crowd = new ChatClient[clients];
        for (int i = 0; i < clients; i++)
            crowd[i] = await JoinAsync(address, $"c{i}");
        long heard = 0, wrong = 0, failed = 0;
        using var room = new SemaphoreSlim(window);
        Task[] listening = [.. crowd.Select(client => Task.Run(() => ListenAsync(client)))];
        Task watching = Task.Run(WatchAsync);
        await SayAsync(messages / 4);
        await HeardAsync((long)clients * (messages / 4));
        Interlocked.Exchange(ref heard, 0);
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long begun = Stopwatch.GetTimestamp();
        await SayAsync(messages);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        long due = (long)clients * messages;
        await HeardAsync(due);
        long lost = due - Interlocked.Read(ref heard);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"deliveries={due} deliveries_per_s={due / seconds:F0} lost={lost} failed={failed} wrong={wrong} client_us={cpu.TotalMicroseconds / due:F2}"));
        foreach (ChatClient client in crowd.Append(speaker))
            await client.DisposeAsync();
        await Task.WhenAll(listening.Append(watching)).WaitAsync(Longest);

        async Task SayAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await room.WaitAsync(Longest);
                _ = speaker.SendAsync(Text, Room);
            }

            for (int i = 0; i < window; i++)
                await room.WaitAsync(Longest);
            room.Release(window);
        }

        // Acknowledged is not yet read.
        async Task HeardAsync(long count)
        {
            for (int i = 0; i < 100 && Interlocked.Read(ref heard) < count; i++)
                await Task.Delay(10);
        }

        async Task ListenAsync(ChatClient client)
        {
            long last = 0;
            await foreach (ChatEvent each in client.ReadAllAsync())
            {
                if (each is not ChatMessage message)
                    continue;
                if (message.Id <= last)
                    Interlocked.Increment(ref wrong);
                last = message.Id;
                Interlocked.Increment(ref heard);
            }
        }

        async Task WatchAsync()
        {
            await foreach (ChatEvent each in speaker.ReadAllAsync())
            {
                if (each is not ChatDelivery mark || mark.Delivered + mark.Failed < mark.Of)
                    continue;
                failed += mark.Failed;
                room.Release();
            }
        }
    }

    /// <summary>CLIENTS join and are silent until the end.</summary>
    public static async Task CrowdAsync(string address, int clients, CancellationToken stopping)
    {
        var crowd = new List<ChatClient>();
        string prefix = Guid.NewGuid().ToString("N")[..8];
        while (crowd.Count < clients)
            crowd.AddRange(await Task.WhenAll(Enumerable.Range(crowd.Count, Math.Min(50, clients - crowd.Count)).Select(i => JoinAsync(address, $"{prefix}{i}"))));
        Console.WriteLine($"joined {crowd.Count}");
        await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Task<ChatClient> JoinAsync(string address, string name) => ChatClient.JoinAsync(address, new ChatClientOptions
    {
        Name = name,
        Rooms = [new ChatRoomEntry(Room)],
        Dial = new DialOptions { Tls = new TlsClientOptions { Trust = CertificateTrust.NoneWhichIsInsecure } },
        MaxWaitingEvents = 100_000,
    });
}
