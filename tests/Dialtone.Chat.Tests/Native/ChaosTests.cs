using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;

namespace Dialtone.Chat.Tests.Native;

/// <summary>Native clients on a line that loses, doubles, reorders and alters.</summary>
public sealed class ChaosTests
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(8);

    [Fact] // the long run: 50 clients, 20,000 messages, 200 ms each way
    public async Task Every_message_arrives_once_and_in_order_per_sender_or_its_sender_learns_that_it_did_not()
    {
        bool isLong = NativePlace.IsLong;
        (int clients, int each, int delay, int pace) = isLong ? (50, 400, 200, 100) : (10, 100, 40, 40);
        int seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var bad = new ChaosDatagrams { Loss = 0.2, Duplication = 0.1, Reordering = 0.1, Corruption = 0.02, Delay = TimeSpan.FromMilliseconds(delay) };
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Limits = new ChatLimits { MessagesPerSecond = 100_000, Burst = 1000 } });
        await using var chaos = ChaosUdpProxy.Start(place.Datagrams, new ChaosUdpOptions { Seed = seed, ToServer = bad, ToClient = bad, MaxUnderWay = 1_000_000 });
        var talk = new Talk(clients);
        ChatClient[] all = await Task.WhenAll(Enumerable.Range(0, clients).Select(i =>
            ChatClient.JoinAsync(place.Address, NativePlace.Options($"c{i}", new ChatRoomEntry("lobby")) with { Datagrams = chaos.Address })));
        Task[] hearing = [.. all.Select((client, i) => talk.HearAsync(client, i))];
        Task<int>[] speaking = [.. all.Select((client, i) => talk.SpeakAsync(client, i, each, TimeSpan.FromMilliseconds(pace), new Random(seed ^ i)))];

        int refused = (await Task.WhenAll(speaking).WaitAsync(NativePlace.Patience)).Sum();
        await NativePlace.UntilAsync(() => talk.IsComplete);
        foreach (ChatClient client in all)
            await client.DisposeAsync();
        await Task.WhenAll(hearing).WaitAsync(NativePlace.Patience);

        TimeSpan[] latencies = [.. talk.Latencies.Order()];
        TimeSpan median = latencies[latencies.Length / 2];
        TimeSpan most = latencies[latencies.Length * 999 / 1000];
        string figures = $"seed {seed}: {latencies.Length} deliveries of {clients * each} messages, median {median.TotalMilliseconds:F0} ms, 99.9 % {most.TotalMilliseconds:F0} ms, longest {latencies[^1].TotalMilliseconds:F0} ms; {chaos.Counts}";
        TestContext.Current.SendDiagnosticMessage(figures);
        Assert.True(refused == 0, figures);
        Assert.True(talk.Wrong.IsEmpty, $"{figures}: {string.Join("; ", talk.Wrong.Take(5))}");
        Assert.True(!isLong || (median < TimeSpan.FromMilliseconds(3 * 2 * delay) && most < Within), figures); // in the short run the machine's load decides
    }

    [Fact]
    public async Task On_a_line_that_is_dead_the_sender_learns_it_and_nobody_heard()
    {
        await using NativePlace place = await NativePlace.StartAsync(options: new ChatServerOptions
        {
            Flow = new FlowServerOptions { Flow = new FlowOptions { GiveUp = TimeSpan.FromSeconds(3) } },
        });
        var line = ChaosUdpProxy.Start(place.Datagrams);
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using var hears = new Ear(ann);
        await using ChatClient bob = await ChatClient.JoinAsync(
            place.Address, NativePlace.Options("bob", new ChatRoomEntry("lobby")) with { Datagrams = line.Address, Flow = new FlowOptions { GiveUp = TimeSpan.FromSeconds(3) } });
        Assert.True((await bob.SendAsync("here", room: "lobby")).IsTaken);
        Assert.True((await ann.SendAsync("and here", room: "lobby")).IsTaken);
        Assert.Equal(1, (await hears.HearAsync<ChatDelivery>(mark => mark.Delivered == 1))!.Of);

        await line.DisposeAsync(); // dead from here on
        ChatReceipt lost = await bob.SendAsync("lost", room: "lobby").WaitAsync(NativePlace.Patience);
        Assert.Equal(ChatError.Unreachable, lost.Error);
        ChatReceipt toNobody = await ann.SendAsync("lost too", room: "lobby");
        ChatDelivery? mark = await hears.HearAsync<ChatDelivery>(mark => mark.MessageId == toNobody.Id && mark.Delivered + mark.Failed == mark.Of);
        Assert.Equal((0, mark!.Of), (mark.Delivered, mark.Failed));
        await NativePlace.UntilAsync(() => place.Hub.Count == 1);
    }

    [Fact]
    public async Task A_client_that_changes_its_address_in_mid_conversation_goes_on()
    {
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Limits = new ChatLimits { MessagesPerSecond = 100_000, Burst = 1000 } });
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using ChatClient bob = await place.JoinAsync("bob", "lobby");
        await using var annHears = new Ear(ann);
        await using var bobHears = new Ear(bob);
        for (int i = 0; i < 20; i++)
        {
            Task<ChatReceipt> up = ann.SendAsync($"up {i}", room: "lobby");
            Task<ChatReceipt> down = bob.SendAsync($"down {i}", room: "lobby");
            var before = place.Hub.Desk.Here.Single(each => each.Name == "ann").Address;
            await ann.MoveAsync();
            Assert.True((await up).IsTaken && (await down).IsTaken);
            Assert.Equal($"up {i}", (await bobHears.HearAsync<ChatMessage>())!.Text);
            Assert.Equal($"down {i}", (await annHears.HearAsync<ChatMessage>())!.Text);
            await NativePlace.UntilAsync(() => !Equals(place.Hub.Desk.Here.Single(each => each.Name == "ann").Address, before));
        }
    }

    /// <summary>Who said what to whom, and whether it came as it should.</summary>
    private sealed class Talk(int clients)
    {
        private readonly ConcurrentDictionary<(int Sender, int Number), (long At, int Of)> _said = new();
        private readonly int[,] _lastHeard = new int[clients, clients]; // by recipient and sender; each recipient has one reader
        private readonly ConcurrentDictionary<long, ChatDelivery> _marks = new();
        private long _due;
        private long _heard;
        private readonly int _clients = clients;
        private int _speaking = clients;

        public ConcurrentBag<TimeSpan> Latencies { get; } = [];

        public ConcurrentQueue<string> Wrong { get; } = new();

        public bool IsComplete => Volatile.Read(ref _speaking) == 0 && Interlocked.Read(ref _heard) == Interlocked.Read(ref _due)
            && _marks.Count == _said.Count && _marks.Values.All(mark => mark.Delivered + mark.Failed == mark.Of);

        /// <summary>Nine of ten to somebody, the tenth to all.</summary>
        public async Task<int> SpeakAsync(ChatClient client, int self, int count, TimeSpan pace, Random random)
        {
            var receipts = new List<Task<ChatReceipt>>();
            for (int number = 1; number <= count; number++)
            {
                bool isToAll = number % 10 == 0;
                int to = (self + 1 + random.Next(_clients - 1)) % _clients;
                string text = $"{self} {number}";
                Interlocked.Add(ref _due, isToAll ? _clients - 1 : 1);
                _said[(self, number)] = (TimeProvider.System.GetTimestamp(), isToAll ? _clients - 1 : 1);
                receipts.Add(isToAll ? client.SendAsync(text, room: "lobby") : client.SendAsync(text, to: $"c{to}"));
                await Task.Delay(pace);
            }

            ChatReceipt[] all = await Task.WhenAll(receipts);
            Interlocked.Decrement(ref _speaking);
            return all.Count(receipt => !receipt.IsTaken);
        }

        public async Task HearAsync(ChatClient client, int self)
        {
            await foreach (ChatEvent chatEvent in client.ReadAllAsync())
            {
                if (chatEvent is ChatDelivery mark)
                    Mark(mark);
                else if (chatEvent is ChatMessage message)
                    Hear(message, self);
            }
        }

        private void Hear(ChatMessage message, int self)
        {
            string[] words = message.Text.Split(' ');
            (int sender, int number) = (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
            if (message.From != $"c{sender}" || !_said.TryGetValue((sender, number), out (long At, int Of) said))
                Wrong.Enqueue($"c{self} heard what nobody said: {message}");
            else
                Latencies.Add(TimeProvider.System.GetElapsedTime(said.At));
            if (number <= _lastHeard[self, sender])
                Wrong.Enqueue($"c{self} heard {message.Text} after {_lastHeard[self, sender]}");
            _lastHeard[self, sender] = number;
            Interlocked.Increment(ref _heard);
        }

        private void Mark(ChatDelivery mark)
        {
            if (mark.Failed > 0)
                Wrong.Enqueue($"a message was reported as failed: {mark}");
            _marks.AddOrUpdate(mark.MessageId, mark, (_, before) =>
            {
                if (mark.Delivered < before.Delivered)
                    Wrong.Enqueue($"{mark} after {before}");
                return mark;
            });
        }
    }
}
