using System.Collections.Concurrent;
using System.Globalization;

namespace Dialtone.Chat.Tests;

/// <summary>Many at once on many threads.</summary>
public sealed class CrowdTests
{
    private const int Speakers = 4;
    private const int Lines = 2000;

    [Fact]
    public async Task Whoever_stays_hears_everybody_once_and_in_order_while_others_come_go_and_change_their_names()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var hub = new ChatHub(new ChatHubOptions
        {
            Rooms = [new("one"), new("two")],
            Limits = new ChatLimits { MessagesPerSecond = 10_000_000, Burst = 10_000_000, HistoryMessages = 100 },
        });
        var witnesses = new Witness[5];
        for (int i = 0; i < witnesses.Length; i++)
        {
            witnesses[i] = new Witness();
            await JoinAsync(hub, $"witness{i}", witnesses[i]);
        }

        bool isOver = false;
        Task[] restless = [.. Enumerable.Range(0, 2).Select(number => Task.Run(async () =>
        {
            var random = new Random(seed + number);
            for (int turn = 0; !Volatile.Read(ref isOver); turn++)
            {
                ChatParticipant who = await JoinAsync(hub, $"restless{number}", new Witness());
                Assert.Equal(ChatError.None, hub.Rename(who, $"renamed{number}-{turn}"));
                if (random.Next(2) == 0)
                    hub.Leave(who, "one");
                hub.Say(who, null, $"witness{random.Next(witnesses.Length)}", "passing by", null, out _);
                hub.Remove(who);
            }
        }))];
        await Task.WhenAll(Enumerable.Range(0, Speakers).Select(number => Task.Run(async () =>
        {
            var random = new Random(seed - 1 - number);
            var line = new Witness();
            ChatParticipant who = await JoinAsync(hub, $"speaker{number}", line);
            for (int i = 0; i < Lines; i++)
            {
                string room = random.Next(2) == 0 ? "one" : "two";
                Assert.Equal(ChatError.None, hub.Say(who, room, null, i.ToString(CultureInfo.InvariantCulture), null, out _));
            }

            Assert.Equal(Lines, line.WholeMarks);
        })));
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(restless);

        foreach (Witness witness in witnesses)
        {
            for (int number = 0; number < Speakers; number++)
                Assert.Equal(Enumerable.Range(0, Lines), witness.Heard[$"speaker{number}"]);
        }

        Assert.Equal(witnesses.Length + Speakers, hub.Count);
        Assert.All(hub.Desk.Rooms, room => Assert.Equal(witnesses.Length + Speakers, room.Members));
        ChatParticipant last = await JoinAsync(hub, "last", new Witness());
        hub.History(last, "one", null, 100, out ChatOutgoing[] page, out _);
        Assert.Equal(page.Select(Id).Order(), page.Select(Id));

        static long Id(ChatOutgoing each) => ((ChatMessage)each.Event).Id;
    }

    private static async Task<ChatParticipant> JoinAsync(ChatHub hub, string name, Witness line)
    {
        Assert.Equal(ChatError.None, hub.TryJoin(name, null, line, out ChatParticipant? who));
        Assert.Equal(ChatError.None, await hub.EnterAsync(who!, "one", null));
        Assert.Equal(ChatError.None, await hub.EnterAsync(who!, "two", null));
        return who!;
    }

    private sealed class Witness : IChatLine
    {
        private int _wholeMarks;

        public ConcurrentDictionary<string, List<int>> Heard { get; } = new();

        public int WholeMarks => _wholeMarks;

        public ChatTongue Tongue => ChatTongue.Native;

        public System.Net.EndPoint? Address => null;

        public bool IsVerified => true;

        public bool TrySend(ChatOutgoing outgoing)
        {
            // One sender's messages never come two at a time, so a list each needs no lock.
            if (outgoing.Event is ChatMessage { Room: not null } message)
                Heard.GetOrAdd(message.From, static _ => []).Add(int.Parse(message.Text, CultureInfo.InvariantCulture));
            if (outgoing.Event is ChatDelivery { Failed: 0 } delivery && delivery.Delivered == delivery.Of)
                Interlocked.Increment(ref _wholeMarks);
            outgoing.Tell(isDelivered: true);
            return true;
        }

        public void Close(ChatError why)
        {
        }
    }
}
