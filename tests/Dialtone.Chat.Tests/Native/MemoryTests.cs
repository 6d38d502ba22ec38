using System.Net.Sockets;
using System.Text;

namespace Dialtone.Chat.Tests.Native;

/// <summary>What clients and strangers cost. By themselves, since they measure the process.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact]
    public async Task A_hundred_thousand_forged_datagrams_leave_memory_flat()
    {
        await using NativePlace place = await NativePlace.StartAsync(options: new ChatServerOptions { Plain = false });
        WirePeer peer = await WirePeer.JoinAsync(place.Address, "ann", "lobby");
        using Socket own = peer.Call();
        await own.SendAsync(peer.Say(0, """{"say":"here","room":"lobby","ref":1}"""));
        using Socket stranger = peer.Call();
        byte[] known = peer.Ping();
        var random = new Random(1);
        await FloodAsync(10_000); // and everything has run, on every thread
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await FloodAsync(100_000);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 1_000_000); // ten bytes each: less than anything that could be kept of one
        Assert.Equal(1, place.Hub.Count);

        // Every other one names a session that lives; the rest, sessions that never were.
        async Task FloodAsync(int count)
        {
            var packet = new byte[80];
            for (int i = 0; i < count; i++)
            {
                random.NextBytes(packet);
                (packet[0], packet[1]) = (0xFF, 1);
                if (i % 2 == 0)
                    known.AsSpan(2, 8).CopyTo(packet.AsSpan(2));
                BitConverter.TryWriteBytes(packet.AsSpan(10), (ulong)i + 10);
                stranger.Send(packet);
            }

            // What is asked last is answered when all before it were looked at, or lost.
            await own.SendAsync(peer.Packet([4]));
            var buffer = new byte[2000];
            string heard;
            do
            {
                int length = await own.ReceiveAsync(buffer).WaitAsync(NativePlace.Patience);
                heard = Encoding.ASCII.GetString(buffer, 0, length);
            }
            while (own.Available > 0 && heard.Length > 0);
        }
    }

    [Fact] // the long run: 10,000
    public async Task Joined_and_idle_clients_cost_a_thousand_bytes_each()
    {
        int count = NativePlace.IsLong ? 10_000 : 3000;
        const int First = 200;
        await using NativePlace place = await NativePlace.StartAsync(
            new ChatHubOptions { Limits = new ChatLimits { MaxParticipants = First + (2 * count) } },
            new ChatServerOptions { Flow = new FlowServerOptions { Flow = new FlowOptions { Idle = TimeSpan.FromHours(1), GiveUp = TimeSpan.FromHours(1) } } }); // these never speak again
        await SpeakAsync(0, First);
        long each = await CostAsync(First);
        if (each > 1000)
            each = await CostAsync(First + count); // what threads came to keep for reuse meanwhile is no client's, and does not come again
        Assert.True(each <= 1000, $"{each} bytes each");
        GC.KeepAlive(place);

        async Task<long> CostAsync(int joined)
        {
            (long heap, long resident) before = await MemoryAsync();
            await SpeakAsync(joined, joined + count);
            (long heap, long resident) after = await MemoryAsync();
            Assert.Equal(joined + count, place.Hub.Count);
            TestContext.Current.SendDiagnosticMessage($"{count} clients: {(after.heap - before.heap) / count} bytes each on the heap, {(after.resident - before.resident) / count} resident");
            return (after.heap - before.heap) / count;
        }

        async Task SpeakAsync(int from, int to)
        {
            var buffer = new byte[2000];
            for (int i = from; i < to; i++)
            {
                WirePeer peer = await WirePeer.JoinAsync(place.Address, $"client{i}", "lobby");
                using Socket socket = peer.Call();
                await socket.SendAsync(peer.Ping());
                int length;
                do
                    length = await socket.ReceiveAsync(buffer).WaitAsync(NativePlace.Patience);
                while (peer.Open(buffer.AsSpan(0, length)) is null); // for whoever had this port before
            }
        }

        // When the sessions have rested, and what joins and other tests left behind is gone.
        static async Task<(long Heap, long Resident)> MemoryAsync()
        {
            long last;
            long now = Live();
            do
            {
                await Task.Delay(TimeSpan.FromSeconds(2));
                (last, now) = (now, Live());
            }
            while (Math.Abs(now - last) > 20_000);
            return (now, Environment.WorkingSet);
        }

        static long Live()
        {
            for (int i = 0; i < 2; i++)
            {
                GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            return GC.GetTotalMemory(forceFullCollection: true);
        }
    }
}
